import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { insertRequestFailures } from "../../src/storage/request-log.ts";
import { recordTurns } from "../../src/storage/testing/record-turns.ts";
import type { TurnRecordRow } from "../../src/storage/turn-records.ts";
import { sampleTurnRecord } from "../../src/storage/testing/sample-turn-record.ts";
import { fillRequestLog } from "../support/fill-request-log.ts";
import { findBarriers, inspectPage, startConsole, takePicture, type ConsoleUnderTest } from "./start-console.ts";

let ours: ConsoleUnderTest;
const WANTED = `req_${randomUUID().replaceAll("-", "")}`;
const MISSED = `req_${randomUUID().replaceAll("-", "")}`;
const REFUSED = `req_${randomUUID().replaceAll("-", "")}`;

/** What an afternoon leaves: some models, cache hits and misses, a refusal, somebody who left. */
function someTurns(organizationId: string, workspaceId: string): readonly TurnRecordRow[] {
  const models = ["claude-haiku-4-5-20251001", "claude-sonnet-4-5-20250929", "claude-opus-4-5-20251101"];
  return Array.from({ length: 60 }, (_, index) => ({
    ...sampleTurnRecord({ 3: WANTED, 4: MISSED }[index] ?? `req_${randomUUID().replaceAll("-", "")}`),
    organization_id: organizationId,
    workspace_id: workspaceId,
    api_key_id: "workbench",
    model: models[index % 3] ?? "",
    weights: "qwen2.5-coder-1.5b-instruct-q4_k_m",
    input_tokens: 180 + 37 * (index % 7),
    cache_read_tokens: index % 4 === 0 ? 0 : 11_648,
    cache_write_5m_tokens: index % 4 === 0 ? 11_648 : 212,
    output_tokens: 90 + 61 * (index % 5),
    outcome: index % 17 === 9 ? "client_closed" : null,
    auth_ms: 0.41,
    read_ms: 1.9,
    limits_ms: 0.7,
    render_ms: 6.2,
    queue_ms: index % 3 === 0 ? 182 : 0.3,
    restore_ms: index % 4 === 0 ? 0 : 14.6,
    prefill_ms: index % 4 === 0 ? 9_240 : 318,
    decode_ms: 1_900 + 210 * (index % 5),
    cache_miss_reason: index % 8 === 4 ? "system_changed" : null,
    missed_input_tokens: index % 8 === 4 ? 11_648 : null,
    started_at: new Date(Date.now() - 90_000 - index * 47_000).toISOString(),
  }));
}

beforeAll(async () => {
  ours = await startConsole();
  const { storage, organizationId, workspaceId } = ours.platform;
  // Two weeks and more before the others.
  await fillRequestLog(ours.platform, 100_000);
  await recordTurns(storage, someTurns(organizationId, workspaceId));
  await insertRequestFailures(storage, [
    {
      requestId: REFUSED,
      organizationId,
      workspaceId,
      apiKeyId: "workbench",
      model: "claude-sonnet-4-5",
      status: 429,
      errorType: "rate_limit_error",
      errorMessage: "This request would exceed your organization's rate limit of 50 requests per minute.",
      durationMs: 1.4,
      authMs: 0.4,
      startedAt: new Date(Date.now() - 30_000),
    },
  ]);
});
afterAll(() => ours[Symbol.asyncDispose]());

for (const [look, options] of [
  ["desktop", {}],
  ["phone", { isDark: true, isPhone: true }],
] as const) {
  test(`the log of requests leads to one request and where its time went (${look})`, async () => {
    const { page, context, problems } = await ours.openAsOwner(options);
    await page.goto(`${ours.address}/requests`);
    await page
      .getByRole("row", { name: /claude-opus-4-5-20251101/ })
      .first()
      .waitFor();
    expect(await inspectPage(page, "requests")).toEqual([]);

    await page.getByLabel("Status").selectOption("Failed");
    await page
      .getByRole("row", { name: /Failed · 429/ })
      .getByRole("link")
      .click();
    await page.getByText("would exceed your organization's rate limit").waitFor();
    await page.getByText("refused before the model was asked").waitFor();
    expect(await inspectPage(page, "request-refused")).toEqual([]);
    // The filter is part of the address: going back keeps it.
    await page.goBack();
    expect(
      await page
        .getByRole("row")
        .filter({ has: page.getByRole("link") })
        .count(),
    ).toBe(1);

    await page.getByLabel("Find by request id").fill(WANTED);
    await page.keyboard.press("Enter");
    await page.getByText("Reading the prompt", { exact: true }).waitFor();
    expect(await page.getByRole("listitem").filter({ hasText: "Waiting for a slot" }).textContent()).toContain("182\u202fms");
    await page.getByText("of the prompt came from the cache").waitFor();
    await page.getByText("qwen2.5-coder-1.5b-instruct-q4_k_m").waitFor();
    // What went through it nobody kept.
    await page.getByText("Not kept, in any workspace").waitFor();
    expect(await inspectPage(page, "request")).toEqual([]);

    await page.getByRole("link", { name: "All requests" }).click();
    await page.getByLabel("Find by request id").fill(MISSED);
    await page.keyboard.press("Enter");
    await page.getByText("The cache missed because the system prompt changed.").waitFor();
    expect(problems).toEqual([]);
    await context.close();
  });
}

test("a hundred thousand requests scroll with a screenful of rows in the page, in the server's order", async () => {
  const { page, context, problems } = await ours.openAsOwner();
  await page.goto(`${ours.address}/requests?model=many`);
  const rows = page.getByRole("row").filter({ has: page.getByRole("link") });
  await rows.first().waitFor();
  const table = page.getByRole("table", { name: "Requests" });
  const loaded = async () => Number(await table.getAttribute("aria-rowcount"));
  while ((await loaded()) < 4_000) {
    const before = await loaded();
    await page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)");
    await expect.poll(loaded, { timeout: 30_000 }).toBeGreaterThan(before);
    expect(await rows.count()).toBeLessThan(100);
  }
  // In the middle of what was read: the row that stands there is the one that belongs there, with its figure.
  await page.evaluate("window.scrollTo(0, 2000 * 44)");
  const middle = page.locator('[role="row"][aria-rowindex="2010"]');
  await middle.waitFor();
  expect(await middle.getByRole("cell").nth(3).textContent()).toBe("2,009");
  expect(await rows.count()).toBeLessThan(100);
  expect(problems).toEqual([]);
  await context.close();
});

test("usage tells the share of batches, comes as CSV, and a day is looked at by the hour and left again", async () => {
  const { page, context, problems } = await ours.openAsOwner();
  await page.goto(`${ours.address}/usage`);
  await page.getByText("Of batches").waitFor();
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV" }).click();
  const csv = await readFile(await (await downloading).path(), "utf8");
  expect(csv.split("\r\n")[0]).toBe("starting_at,ending_at,Input,Written to cache,Read from cache,Output");
  expect(csv.split("\r\n")).toHaveLength(31);
  const days = page.getByRole("button", { name: /^Look closer at/ });
  await days.first().waitFor();
  const byDay = await days.count();
  await days.first().click();
  await page.getByRole("button", { name: "Show all again" }).waitFor();
  // Hours have no closer look.
  await days.first().waitFor({ state: "detached" });
  await takePicture(page, "usage-zoomed-light");
  expect(await findBarriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Show all again" }).click();
  await days.first().waitFor();
  expect(await days.count()).toBe(byDay);
  // The same with the pointer, across the chart.
  const chart = page.getByRole("img", { name: /^Usage from/ });
  const box = (await chart.boundingBox())!;
  await page.mouse.move(box.x + box.width - 60, box.y + 100);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 5, box.y + 100, { steps: 4 });
  await page.mouse.up();
  await page.getByRole("button", { name: "Show all again" }).waitFor();
  expect(problems).toEqual([]);
  await context.close();
});

test("costs are told by kind of token, model, workspace and key, by the day and by the hour", async () => {
  const { page, context, problems } = await ours.openAsOwner();
  await page.goto(`${ours.address}/cost`);
  const head = page.getByRole("columnheader");
  await head.getByText("Total").waitFor();
  for (const [group, series] of [
    ["Model", "claude-opus-4-5-20251101"],
    ["Workspace", "Default"],
    ["API key", "Workbench"],
    ["Kind of token", "Written to cache for 5 minutes"],
  ] as const) {
    await page.getByLabel("Group by").selectOption(group);
    await head.getByText(series, { exact: true }).waitFor();
  }
  await page.getByLabel("Time").selectOption("24 hours");
  await page.getByRole("cell", { name: /\d:00/ }).first().waitFor();
  expect(await inspectPage(page, "cost-by-kind")).toEqual([]);
  expect(problems).toEqual([]);
  await context.close();
});
