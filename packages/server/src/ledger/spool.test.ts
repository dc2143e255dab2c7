import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { encodeTurnRecord } from "../storage/turn-records.ts";
import { sampleTurn } from "./__fixtures__/sample-turn.ts";
import { openSpool } from "./spool.ts";
import { toTurnRecordRow } from "./to-turn-record-row.ts";

const row = (id: string) => encodeTurnRecord(toTurnRecordRow(sampleTurn(id)));

async function open() {
  const directory = await mkdtemp(join(tmpdir(), "parley-spool-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const spool = await openSpool({ directory, log: { debug() {}, info() {}, warn() {}, error() {} } });
  return { spool, names: () => readdir(directory) };
}

test("what is given up while a replay runs is not taken for moved", async () => {
  const { spool, names } = await open();
  await spool.append([row("req_1")]);
  const moved: string[] = [];
  const isEmpty = await spool.replay(async (rows) => {
    moved.push(...rows.map(({ requestId }) => requestId));
    // Its writer has it at hand as this replay begins, and gives it up before it ends.
    await spool.keep([row("req_2")]);
    await spool.abandon();
    return { refused: 0 };
  });
  expect(moved).toEqual(["req_1"]);
  expect(isEmpty).toBe(false);
  const isEmptyAfter = await spool.replay(async (rows) => {
    moved.push(...rows.map(({ requestId }) => requestId));
    return { refused: 0 };
  });
  expect(moved).toEqual(["req_1", "req_2"]);
  expect(isEmptyAfter).toBe(true);
  expect(await names()).toEqual([]);
});

test("a file that ends while a replay runs is not taken for moved", async () => {
  const { spool, names } = await open();
  await spool.append([row("req_1")]);
  const isEmpty = await spool.replay(async () => {
    await spool.append([row("req_2")]);
    // Rows of the other kind end the file.
    (await spool.keep([row("req_3")])).saved();
    return { refused: 0 };
  });
  expect(isEmpty).toBe(false);
  await spool.tidy();
  expect(await spool.replay(async () => ({ refused: 0 }))).toBe(true);
  expect(await names()).toEqual([]);
});
