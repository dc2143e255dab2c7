import { inflateSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readStatement } from "../../src/ledger/statements/read-statement.ts";
import { toCsv } from "../../src/ledger/statements/to-csv.ts";
import { toPdf } from "../../src/ledger/statements/to-pdf.ts";
import { createKey } from "../../src/auth/manage-api-keys.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { sampleTurnRecord } from "../../src/storage/testing/sample-turn-record.ts";
import { recordTurns } from "../../src/storage/testing/record-turns.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
let keyId: string;
beforeAll(async () => {
  platform = await startPlatform();
  const { organizationId, workspaceId, keys } = platform;
  keyId = (await createKey(keys, { name: '=1+1;"ü', workspaceId, expiresAtMs: null }, SYSTEM)).id;
  const row = (id: string, started_at: string, workspace_id = workspaceId) => ({
    ...sampleTurnRecord(`req_statement_${id}`),
    organization_id: organizationId,
    workspace_id,
    api_key_id: keyId,
    started_at,
  });
  await recordTurns(platform.storage, [
    row("before", "2026-10-31T23:59:59.999Z"),
    row("first", "2026-11-01T00:00:00.000Z"),
    row("last", "2026-11-30T23:59:59.999Z"),
    row("other", "2026-11-15T00:00:00.000Z", "wrkspc_gone"),
    row("after", "2026-12-01T00:00:00.000Z"),
    { ...row("foreign", "2026-11-15T00:00:00.000Z"), organization_id: "another" },
  ]);
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

const read = (workspaceId: string | null = null) =>
  readStatement(platform.storage, { organizationId: platform.organizationId, month: "2026-11", workspaceId });

test("a statement has a line a key and model of the month alone, and names cannot run in a spreadsheet", async () => {
  const statement = await read();
  expect(statement.totalNanoUsd).toBe(3n * 511_800n);
  expect(statement.lines.map(({ workspaceName, requests }) => [workspaceName, requests])).toEqual(
    expect.arrayContaining([
      ["Default", 2],
      ["", 1],
    ]),
  );
  expect((await read("wrkspc_gone")).lines).toHaveLength(1);
  const csv = toCsv(await read(platform.workspaceId));
  expect(csv).toBe(
    "month,workspace_id,workspace,api_key_id,api_key,model,requests,uncached_input_tokens,cache_read_input_tokens," +
      "cache_creation_input_tokens,output_tokens,web_searches,cost_usd\n" +
      `2026-11,${platform.workspaceId},Default,${keyId},"'=1+1;""ü",claude-haiku-4-5-20251001,2,24,4096,200,68,0,0.0010236\n`,
  );
});

/** The text that a PDF's pages show: strings in hexadecimal, in pieces between which letters are moved. */
function textOf(pdf: Buffer): string {
  const streams = [...pdf.toString("latin1").matchAll(/stream\r?\n([\s\S]*?)\r?\nendstream/g)].flatMap(([, bytes]) => {
    try {
      return [inflateSync(Buffer.from(bytes ?? "", "latin1")).toString("latin1")];
    } catch {
      return [];
    }
  });
  return streams
    .flatMap((stream) => [...stream.matchAll(/\[([^\]]*)\] TJ/g)])
    .map(([, pieces = ""]) =>
      [...pieces.matchAll(/<([0-9a-f]*)>/g)].map(([, hex = ""]) => Buffer.from(hex, "hex").toString("latin1")).join(""),
    )
    .join("\n");
}

test("a statement as PDF is a document whose text has the lines and the total", async () => {
  const pdf = await toPdf(await read());
  expect(pdf.subarray(0, 5).toString("latin1")).toBe("%PDF-");
  const text = textOf(pdf);
  expect(text).toContain("Statement 2026-11");
  expect(text).toContain("claude-haiku-4-5-20251001");
  expect(text).toContain("Total: 0.0015354 USD");
});
