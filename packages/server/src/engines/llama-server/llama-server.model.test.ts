import { execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BackendGone, GrammarRejected } from "../backend.ts";
import { collectDecode, decodeRequest, watchDecodes } from "../contract/collect-decode.ts";
import { testTokenBackendContract, type StartOptions } from "../contract/test-token-backend-contract.ts";
import { testWeights } from "../contract/test-weights.ts";
import { readGguf } from "../gguf/read-gguf.ts";
import { startLlamaServer, type LlamaServerBackend, type LlamaServerOptions } from "./llama-server-backend.ts";
import { endOrphanedEngines } from "./run-folder.ts";
import { testLlamaServer } from "./test-binary.ts";

const NEVER = new AbortController().signal;
let runFolder: string;

beforeAll(async () => {
  runFolder = await mkdtemp(join(tmpdir(), "parley-run-"));
});
afterAll(() => rm(runFolder, { recursive: true, force: true }));

async function start({ file, slots, contextTokens }: StartOptions, more: Partial<LlamaServerOptions> = {}) {
  return startLlamaServer({
    binary: testLlamaServer(),
    file,
    facts: more.facts ?? (await readGguf(file)),
    slots,
    contextTokens,
    runFolder,
    signal: NEVER,
    // One thread: two that share a busy core wait for each other, and a test gains nothing from them.
    threads: 1,
    gpu: "off",
    ...more,
  });
}

testTokenBackendContract("llama-server", start);

describe("llama-server as a supervised child", () => {
  const small = () => ({ file: testWeights("SmolLM2-135M-Instruct.Q4_1.gguf"), slots: 2, contextTokens: 512 });
  const ask = (backend: LlamaServerBackend, text: string) =>
    backend.tokenize(`<|im_start|>user\n${text}<|im_end|>\n<|im_start|>assistant\n`, { special: true });
  const isAlive = (pid: number) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };

  test("reports how far a load is, and leaves nothing behind when it is closed", async () => {
    const seen: number[] = [];
    const backend = await start(small(), { onLoadProgress: (fraction) => seen.push(fraction) });
    expect(seen.at(0)).toBe(0);
    expect(seen.at(-1)).toBe(1);
    expect(await readdir(runFolder)).toEqual([`llama-server-${backend.pid}.json`]);
    await backend.close();
    expect(await readdir(runFolder)).toEqual([]);
    expect(isAlive(backend.pid)).toBe(false);
  });

  test("a file that is no model is an error with the engine's last words, not a hang", async () => {
    const { file } = small();
    const facts = await readGguf(file);
    await expect(start({ ...small(), file: import.meta.filename }, { facts })).rejects.toThrow(
      /llama-server ended before it was ready/,
    );
    await expect(start(small(), { binary: "/nonexistent/llama-server" })).rejects.toThrow(/ended before it was ready/);
    expect(await readdir(runFolder)).toEqual([]);
  });

  test("an aborted start ends the process", async () => {
    const stop = new AbortController();
    const reason = new Error("changed my mind");
    const starting = start(small(), { signal: stop.signal, onLoadProgress: () => stop.abort(reason) });
    await expect(starting).rejects.toBe(reason);
    expect(await readdir(runFolder)).toEqual([]);
  });

  test("kill -9 of the parent ends the engine, and the next start clears the record", async () => {
    const script = `
      const { startLlamaServer } = await import(${JSON.stringify(join(import.meta.dirname, "llama-server-backend.ts"))});
      const { readGguf } = await import(${JSON.stringify(join(import.meta.dirname, "../gguf/read-gguf.ts"))});
      const file = ${JSON.stringify(small().file)};
      const backend = await startLlamaServer({
        binary: ${JSON.stringify(testLlamaServer())}, file, facts: await readGguf(file), slots: 1, contextTokens: 512,
        threads: 1, gpu: "off", runFolder: ${JSON.stringify(runFolder)}, signal: new AbortController().signal,
      });
      console.log(backend.pid);
      setInterval(() => {}, 1000);
    `;
    const parent = spawn(process.execPath, ["--conditions=source", "--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await parent.stdout.take(1).toArray();
    const pid = Number(String(line).trim());
    expect(isAlive(pid)).toBe(true);
    parent.kill("SIGKILL");
    await expect.poll(() => isAlive(pid)).toBe(false);
    expect(await readdir(runFolder)).toHaveLength(1);
    expect(await endOrphanedEngines(runFolder)).toEqual([]);
    expect(await readdir(runFolder)).toEqual([]);
  });

  test("an engine whose owner lives is no orphan", async () => {
    const backend = await start(small());
    expect(await endOrphanedEngines(runFolder)).toEqual([]);
    expect(await backend.tokenize("still here", { special: false })).not.toEqual([]);
    await backend.close();
  });

  test("a stopped engine under a grammar is cut off by the watchdog", async () => {
    const backend = await start(small(), { watchdog: { silenceMs: 400, probeMs: 600 } });
    const tokens = await ask(backend, "Write a poem.");
    const { watched, underWay } = watchDecodes(backend, 2);
    const constrained = collectDecode(watched, { slot: 0, tokens, maxTokens: 400, grammar: "root ::= [a-z ]+" });
    const free = collectDecode(watched, { slot: 1, tokens, maxTokens: 400 });
    const settled = Promise.allSettled([constrained, free]);
    await Promise.race([underWay, settled]);
    process.kill(backend.pid, "SIGSTOP");
    const [first, second] = await settled;
    expect(first).toMatchObject({ status: "rejected", reason: expect.any(GrammarRejected) });
    expect(second).toMatchObject({ status: "rejected", reason: expect.any(BackendGone) });
    await backend.gone;
  });

  test("slot actions right after an abort wait until the slot is free", async () => {
    const backend = await start(small());
    const tokens = await ask(backend, "Tell me a story.");
    for (let round = 0; round < 5; round += 1) {
      for await (const event of backend.decode(decodeRequest({ slot: 0, tokens, maxTokens: 200, reusePrefix: true }), NEVER)) {
        if (event.type === "tokens") break;
      }
      const file = join(runFolder, "after-abort.kv");
      const saved = await backend.saveSlot(0, file);
      expect(saved.tokens).toBeGreaterThanOrEqual(tokens.length);
      expect((await stat(file)).mode & 0o077).toBe(0);
      await backend.clearSlot(0);
      await rm(file);
    }
    await backend.close();
  });

  test("only we can reach the engine", async () => {
    const backend = await start(small());
    const { stdout } = await promisify(execFile)("sh", [
      "-c",
      `tr '\\0' '\\n' < /proc/${backend.pid}/cmdline | grep sock || ps -o command= -p ${backend.pid}`,
    ]);
    const socket = /\S+\.sock/.exec(stdout)?.[0] ?? "";
    expect((await stat(join(socket, ".."))).mode & 0o777).toBe(0o700);
    await backend.close();
  });
});
