/**
 * What the server's own tools add to a turn, without any model: a program in a warm container, a page beyond its network, and
 * the loop around a call. Each is measured by turns with what it is compared to.
 *
 * node --conditions=source bench/tools-platform/run.ts [ROUNDS]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, get } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { openFolderBlobStore } from "../../packages/server/src/blobs/folder-blob-store.ts";
import { createContainers } from "../../packages/server/src/containers/create-containers.ts";
import { end, scripted, start, textBlock, toolBlock } from "../../packages/server/src/doors/testing/scripted-engine.ts";
import { createEgress, createEgressPolicy } from "../../packages/server/src/egress/index.ts";
import { createFiles } from "../../packages/server/src/files/create-files.ts";
import { systemClock } from "../../packages/server/src/platform/clock.ts";
import { createTurnTaker } from "../../packages/server/src/platform/take-turns.ts";
import { openSandbox } from "../../packages/server/src/sandbox/open-sandbox.ts";
import { openTestStorage } from "../../packages/server/src/storage/testing/test-storage.ts";
import { createCodeExecution } from "../../packages/server/src/tools/code-execution/create-code-execution.ts";
import { createCodeRunner } from "../../packages/server/src/tools/code-execution/create-code-runner.ts";
import { createReplyContainer } from "../../packages/server/src/tools/reply-container.ts";
import type { ServerTool, ServerToolCall } from "../../packages/server/src/tools/server-tool.ts";
import { noCode, otherTools } from "../../packages/server/src/tools/testing/other-tools.ts";
import { startToolServer } from "../../packages/server/src/tools/testing/start-tool-server.ts";
import { createWebFetch } from "../../packages/server/src/tools/web-fetch/create-web-fetch.ts";
import type { Turn } from "../../packages/server/src/turn/turn.ts";
import { median, quantile } from "../support/statistics.ts";

const MIB = 1024 ** 2;
const rounds = Number(process.argv[2] ?? 50);
const signal = new AbortController().signal;
const owner = { organizationId: "org_1", workspaceId: "wrkspc_1" };
/** What a tool is given of a turn. */
const turnOf = (text: string): Turn =>
  ({
    ...owner,
    messages: [{ role: "user", content: [{ type: "text", text }] }],
    container: { ...owner, current: null, uploads: [], skills: [] },
  }) as unknown as Turn;

const loadBefore = loadavg()[0] ?? 0;
const rows: string[] = [];
await measureCode();
await measureFetch();
await measureLoop();
const machine = `${cpus()[0]?.model.trim() ?? "unknown"}, ${availableParallelism()} cores, Node ${process.version}`;
const loads = `load average ${loadBefore.toFixed(2)} before, ${(loadavg()[0] ?? 0).toFixed(2)} after`;
say(`### The server's own tools\n\n${machine}; ${loads}; ${rounds} rounds.\n`);
say("| | median ms | 90 % ms |\n|---|---:|---:|");
for (const row of rows) say(row);

/** A program's first instruction, by its own clock, and its result. */
async function measureCode(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), "parley-bench-"));
  const limits = { timeoutMs: 60_000, memoryBytes: 1024 * MIB, processes: 64, diskBytes: 1024 * MIB, diskEntries: 10_000 };
  const opened = await openSandbox(dataDir, limits);
  if (opened.sandbox === null) {
    say(`No sandbox here: ${opened.problem.reason}`);
    return;
  }
  const storage = await openTestStorage();
  const files = createFiles({
    storage,
    blobs: await openFolderBlobStore(join(dataDir, "blobs")),
    clock: systemClock,
    quotaBytes: 500 * MIB,
  });
  const containers = createContainers({ storage, clock: systemClock, folder: join(dataDir, "containers"), lifeDays: 1 });
  const runner = createCodeRunner({ ...noCode, sandbox: opened.sandbox, containers, files });
  const tools = createCodeExecution(runner, { ...noCode, timeoutMs: limits.timeoutMs });
  const container = createReplyContainer();
  const turn = turnOf("Go");
  const nowMs = (): number => performance.timeOrigin + performance.now();
  const programs = [
    ["a shell command", tools.bash_code_execution, { command: "echo $EPOCHREALTIME" }, 1_000],
    ["a Python program", tools.code_execution, { code: "import time\nprint(time.time())" }, 1_000],
  ] as const;
  const begun = programs.map((): number[] => []);
  const done = programs.map((): number[] => []);
  // The first call makes the container.
  for (let round = -1; round < rounds; round += 1) {
    for (const [at, [, tool, input, perSecond]] of programs.entries()) {
      const calledMs = nowMs();
      const call = { id: "srvtoolu_1", input, definition: {}, turn, container, signal } as unknown as ServerToolCall;
      const { content } = (await tool.run(call)) as { content: { stdout?: string } };
      const resultMs = nowMs();
      if (round < 0) continue;
      begun[at]?.push(Number(content.stdout) * perSecond - calledMs);
      done[at]?.push(resultMs - calledMs);
    }
  }
  for (const [at, [name]] of programs.entries()) {
    report(`${name} in a warm container, from the call to its first instruction`, begun[at] ?? []);
    report(`the same, from the call to its result`, done[at] ?? []);
  }
  await storage.close();
  await rm(dataDir, { recursive: true, force: true });
}

/** A page by the tool, against the same bytes by Node alone. */
async function measureFetch(): Promise<void> {
  const paragraph = `<p>${"What the committee has said of the harbour, the quay and its cranes stands here. ".repeat(8)}</p>`;
  const article = `<!doctype html><title>Harbour</title><nav><a href="/">Home</a></nav><article>${paragraph.repeat(80)}</article>`;
  const site = createServer((request, response) => {
    const isText = request.url?.startsWith("/text") === true;
    response.setHeader("content-type", isText ? "text/plain" : "text/html; charset=utf-8").end(article);
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
  const egress = createEgress(createEgressPolicy({ allow: ["127.0.0.1"], isPublicReached: false, resolve: async () => [] }));
  const tool = createWebFetch({
    egress,
    turns: createTurnTaker(2),
    clock: systemClock,
    isEnabled: true,
    contentMaxTokens: 8_000,
  });
  const definition = { type: "web_fetch_20260309", name: "web_fetch", use_cache: false } as const;
  for (const kind of ["text", "html"]) {
    const beyond: number[] = [];
    for (let round = -3; round < rounds; round += 1) {
      const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}/${kind}/${round}`;
      const plainMs = await timed(async () => {
        const [response] = (await once(get(url, { agent: false }), "response")) as [NodeJS.ReadableStream];
        await buffer(response);
      });
      const input = { url };
      const call = { id: "srvtoolu_1", input, definition, turn: turnOf(`See ${url}`), container: createReplyContainer(), signal };
      const toolMs = await timed(() => tool.run(call));
      if (round >= 0) beyond.push(toolMs - plainMs);
    }
    report(
      `a page of ${Math.round(article.length / 1024)} KB as ${kind === "text" ? "plain text" : "an article of HTML"}, beyond its network`,
      beyond,
    );
  }
  site.close();
}

/** A reply with eight calls against one without, over HTTP and a model that takes no time. */
async function measureLoop(): Promise<void> {
  const calls = 8;
  const instant: ServerTool = {
    counts: null,
    run: async ({ id }) => ({ type: "web_search_tool_result", tool_use_id: id, content: [], caller: { type: "direct" } }),
    error: (id) => ({
      type: "web_search_tool_result",
      tool_use_id: id,
      content: { type: "web_search_tool_result_error", error_code: "unavailable" },
      caller: { type: "direct" },
    }),
  };
  const server = await startToolServer({ ...otherTools, web_search: instant, web_fetch: instant });
  const step = scripted([start, ...toolBlock(0, "web_search", '{"query":"x"}'), end({ stopReason: "tool_use" })]);
  const last = scripted([start, ...textBlock(0, "Done."), end()]);
  const ask = (steps: number) => {
    server.playSteps(...Array.from({ length: steps }, () => step), last);
    return server.client.messages.create({
      model: "claude-haiku-4-5",
      max_tokens: 1_000,
      tools: [{ type: "web_search_20250305", name: "web_search" }],
      messages: [{ role: "user", content: "Go" }],
    });
  };
  const each: number[] = [];
  for (let round = -10; round < rounds; round += 1) {
    const withoutMs = await timed(() => ask(0));
    const withMs = await timed(() => ask(calls));
    if (round >= 0) each.push((withMs - withoutMs) / calls);
  }
  report("the loop around one call, beside the engine and the tool", each);
  await server.close();
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

function report(name: string, values: readonly number[]): void {
  rows.push(`| ${name} | ${median(values).toFixed(1)} | ${quantile(values, 0.9).toFixed(1)} |`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
