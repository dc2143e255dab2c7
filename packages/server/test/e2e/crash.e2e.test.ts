import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { enginePid, isRunning, postgresPid } from "../support/processes.ts";
import { readLedger } from "../support/read-ledger.ts";
import { type SeenStream, streamMessage } from "../support/read-stream.ts";
import { type RunningParley, SMALL, startParley } from "../support/start-parley.ts";

const STREAMS = 20;
const MODEL = "claude-opus-4-5";

const short = (index: number) => ({
  model: MODEL,
  max_tokens: 4,
  messages: [{ role: "user", content: `Say hello number ${index}.` }],
});
const long = (index: number) => ({
  model: MODEL,
  max_tokens: 150,
  messages: [{ role: "user", content: `Write story number ${index}, a very long one, about a ship.` }],
});

describe.each(["node-llama-cpp", "llama-server"])("kill -9 during 20 streams, engine %s", (engine) => {
  let parley: RunningParley;
  /** Every stream of this server that a client has seen. */
  const seen: SeenStream[] = [];

  beforeAll(async () => {
    parley = await startParley({
      model: SMALL,
      env: { PARLEY_ENGINE: engine, PARLEY_CONTEXT_TOKENS: "1024", PARLEY_THREADS: "1" },
    });
    // The model is loaded from here on.
    seen.push(await streamMessage(parley, short(-1)));
  });
  afterAll(async () => {
    await parley?.[Symbol.asyncDispose]();
    // The restarted one was lent its folder and leaves it.
    if (parley) await rm(parley.dataDir, { recursive: true, force: true });
  });

  /** Begins 20 streams, every third a short one, and calls `strike` when some have ended and others are being decoded. */
  async function strikeAmongStreams(strike: () => void): Promise<readonly SeenStream[]> {
    const { promise: inFull, resolve } = Promise.withResolvers<void>();
    let ended = 0;
    let deltas = 0;
    const check = (): void => {
      if (ended >= 2 && deltas >= 10) resolve();
    };
    const streams = Array.from({ length: STREAMS }, async (_, index) => {
      const stream = await streamMessage(parley, index % 3 === 0 ? short(index) : long(index), {
        onDelta() {
          if (index % 3 !== 0) deltas += 1;
          check();
        },
      });
      ended += 1;
      check();
      return stream;
    });
    await inFull;
    strike();
    const all = await Promise.all(streams);
    seen.push(...all);
    return all;
  }

  /** One row for each turn that a client saw end well, none twice, and nothing but what the clients began. */
  async function expectExactLedger(): Promise<void> {
    const finished = seen.filter(({ end }) => end === "message_stop").map(({ requestId }) => requestId);
    await expect
      .poll(async () => (await readLedger(parley.dataDir)).filter(({ outcome }) => outcome === null).length, { timeout: 20_000 })
      .toBeGreaterThanOrEqual(finished.length);
    const rows = await readLedger(parley.dataDir);
    const ids = rows.map((row) => row.request_id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(rows.map((row) => row.message_id)).size).toBe(ids.length);
    const completed = new Set(rows.filter(({ outcome }) => outcome === null).map((row) => row.request_id));
    expect(finished.filter((id) => id === null || !completed.has(id))).toEqual([]);
    const begun = new Set(seen.map(({ requestId }) => requestId));
    expect(ids.filter((id) => !begun.has(id))).toEqual([]);
    const failed = seen.filter(({ end }) => end === "error").map(({ requestId }) => requestId);
    const failures = rows.filter(({ outcome }) => outcome === "api_error");
    expect(new Set(failures.map((row) => row.request_id))).toEqual(new Set(failed));
    process.stdout.write(
      `${engine}: ${seen.length} streams begun, ${finished.length} finished, ${failed.length} ended by an error event; ` +
        `${rows.length} rows: ${completed.size} completed, ${failures.length} failed\n`,
    );
  }

  test("of the engine: streams end with an error event, the next turn works, the restart is counted", async () => {
    const victim = enginePid(parley.child.pid!);
    const streams = await strikeAmongStreams(() => process.kill(victim, "SIGKILL"));
    expect(new Set(streams.map(({ end }) => end))).toEqual(new Set(["message_stop", "error"]));
    for (const { error, requestId } of streams.filter(({ end }) => end === "error")) {
      expect(error).toMatchObject({ type: "error", error: { type: "api_error" }, request_id: requestId });
    }
    const next = await streamMessage(parley, short(100));
    seen.push(next);
    expect(next).toMatchObject({ end: "message_stop" });
    expect(enginePid(parley.child.pid!)).not.toBe(victim);
    const metrics = await (await fetch(`${parley.url}/metrics`)).text();
    expect(metrics).toContain(`parley_engine_restarts_total{weights="${SMALL}"} 1`);
    await expectExactLedger();
  });

  test("of PostgreSQL: turns go on, and their rows arrive when it is back", async () => {
    const victim = postgresPid(parley.dataDir);
    const streams = await strikeAmongStreams(() => process.kill(victim, "SIGKILL"));
    expect(new Set(streams.map(({ end }) => end))).toEqual(new Set(["message_stop"]));
    const next = await streamMessage(parley, short(101));
    seen.push(next);
    expect(next).toMatchObject({ end: "message_stop" });
    await expect
      .poll(() => existsSync(`${parley.dataDir}/postgres/data/postmaster.pid`) && postgresPid(parley.dataDir), {
        timeout: 20_000,
      })
      .not.toBe(victim);
    await expectExactLedger();
  });

  test("of the server: the next start on the folder is ready by itself and has every finished turn", async () => {
    const victim = enginePid(parley.child.pid!);
    const { apiKey, dataDir } = parley;
    const streams = await strikeAmongStreams(() => parley.child.kill("SIGKILL"));
    expect(new Set(streams.map(({ end }) => end))).toEqual(new Set(["message_stop", "broken"]));
    parley = await startParley({
      model: SMALL,
      dataDir,
      apiKey,
      env: { PARLEY_ENGINE: engine, PARLEY_CONTEXT_TOKENS: "1024", PARLEY_THREADS: "1" },
    });
    expect(isRunning(victim)).toBe(false);
    const next = await streamMessage(parley, short(102));
    seen.push(next);
    expect(next).toMatchObject({ end: "message_stop" });
    await expectExactLedger();
  });
});
