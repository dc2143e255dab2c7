import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BackendGone, GrammarRejected } from "../backend.ts";
import { collectDecode } from "../contract/collect-decode.ts";
import { testTokenBackendContract } from "../contract/test-token-backend-contract.ts";
import { testWeights } from "../contract/test-weights.ts";
import { startNodeLlamaCpp } from "./start-node-llama-cpp.ts";

testTokenBackendContract("node-llama-cpp", (options) => startNodeLlamaCpp({ ...options, gpu: false }));

describe("the node-llama-cpp child", () => {
  const smol = () => testWeights("SmolLM2-135M-Instruct.Q4_1.gguf");

  test("dies with its parent", async () => {
    const start = new URL("./start-node-llama-cpp.ts", import.meta.url).href;
    const script = `const { startNodeLlamaCpp } = await import(${JSON.stringify(start)});
      const backend = await startNodeLlamaCpp({ file: ${JSON.stringify(smol())}, slots: 1, contextTokens: 512, gpu: false });
      console.log(backend.pid);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ["--conditions=source", "--input-type=module", "-e", script]);
    const pid = await new Promise<number>((resolve) => parent.stdout.once("data", (data) => resolve(Number(data))));
    expect(process.kill(pid, 0)).toBe(true);
    parent.kill("SIGKILL");
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  test("weights that are cut short are refused in llama.cpp's words, not with a crash", async () => {
    const folder = await mkdtemp(join(tmpdir(), "parley-cut-"));
    const file = join(folder, "cut.gguf");
    await writeFile(file, (await readFile(smol())).subarray(0, 50_000_000));
    await expect(startNodeLlamaCpp({ file, slots: 1, contextTokens: 512, gpu: false })).rejects.toThrow(
      /could not be loaded.*(data|tensor|file)/i,
    );
    await rm(folder, { recursive: true });
  });

  test("a context that no memory holds is refused before it is loaded", async () => {
    await expect(startNodeLlamaCpp({ file: smol(), slots: 4000, contextTokens: 8192, gpu: false })).rejects.toMatchObject({
      type: "overloaded_error",
      internal: expect.stringContaining("GB are free: set slots to "),
    });
  });

  test("loading reports its progress", async () => {
    const fractions: number[] = [];
    const backend = await startNodeLlamaCpp({
      file: smol(),
      slots: 1,
      contextTokens: 512,
      gpu: false,
      onLoadProgress: (fraction) => fractions.push(fraction),
    });
    await backend.close();
    expect(fractions.at(-1)).toBe(1);
  });

  test("a grammar that is too long is refused at once", async () => {
    const backend = await startNodeLlamaCpp({ file: smol(), slots: 1, contextTokens: 512, gpu: false });
    const grammar = `root ::= ${Array.from({ length: 40_000 }, (_, index) => `"word${index}"`).join(" | ")}`;
    await expect(collectDecode(backend, { slot: 0, tokens: [5], grammar })).rejects.toBeInstanceOf(GrammarRejected);
    expect((await collectDecode(backend, { slot: 0, tokens: [5], maxTokens: 2 })).end.reason).toBe("length");
    await backend.close();
  });

  test.each([
    [
      "compiling",
      `root ::= r0\n${Array.from({ length: 28 }, (_, i) => `r${i} ::= r${i + 1} r${i + 1} | r${i + 1}\n`).join("")}r28 ::= "a"?\n`,
    ],
    ["sampling", `root ::= ${'"a"? '.repeat(5000)}`],
  ])("a grammar under which %s hangs is rejected, and the child makes room for another", async (_, grammar) => {
    const backend = await startNodeLlamaCpp({ file: smol(), slots: 2, contextTokens: 1024, gpu: false });
    const other = collectDecode(backend, { slot: 1, tokens: [5], maxTokens: 1000, grammar: "root ::= [a-z ]{1000}" });
    await Promise.all([
      expect(other).rejects.toBeInstanceOf(BackendGone),
      expect(collectDecode(backend, { slot: 0, tokens: [5], grammar })).rejects.toBeInstanceOf(GrammarRejected),
    ]);
    await backend.gone;
  });

  test("a short question does not wait for a long prompt", async () => {
    const backend = await startNodeLlamaCpp({ file: smol(), slots: 2, contextTokens: 2048, gpu: false });
    const long = (await backend.tokenize("A long tale of the sea. ".repeat(300), { special: false })).slice(0, 1500);
    const short = await backend.tokenize("Hello", { special: false });
    const order: string[] = [];
    await Promise.all([
      collectDecode(backend, { slot: 0, tokens: long, maxTokens: 1 }).then(() => order.push("long")),
      collectDecode(backend, { slot: 1, tokens: short, maxTokens: 5 }).then(() => order.push("short")),
    ]);
    await backend.close();
    expect(order).toEqual(["short", "long"]);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
