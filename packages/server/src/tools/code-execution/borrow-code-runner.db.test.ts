import type Anthropic from "@anthropic-ai/sdk";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openFolderBlobStore } from "../../blobs/folder-blob-store.ts";
import { createContainers } from "../../containers/create-containers.ts";
import { openEngineDoor } from "../../doors/engine/open-engine-door.ts";
import { connectEngineDoor } from "../../engines/engine-door/connect-engine-door.ts";
import { createFiles } from "../../files/create-files.ts";
import { systemClock } from "../../platform/clock.ts";
import { NO_TRACING } from "../../platform/tracing.ts";
import { openSandbox } from "../../sandbox/open-sandbox.ts";
import { openTestStorage } from "../../storage/testing/test-storage.ts";
import { bareTools, noCode } from "../testing/other-tools.ts";
import { startToolServer } from "../testing/start-tool-server.ts";
import { step } from "../testing/step.ts";
import { borrowCodeRunner } from "./borrow-code-runner.ts";
import { createCodeExecution } from "./create-code-execution.ts";
import { createCodeRunner } from "./create-code-runner.ts";
import { lendCodeRunner } from "./lend-code-runner.ts";

const MIB = 1024 ** 2;
const LIMITS = { timeoutMs: 5_000, memoryBytes: 500 * MIB, processes: 32, diskBytes: 100 * MIB, diskEntries: 2_000 };
const CODE = { type: "code_execution_20260120", name: "code_execution" } as const;
const WEATHER = {
  name: "weather",
  input_schema: { type: "object", properties: { city: { type: "string" } } },
  allowed_callers: ["code_execution_20260120"],
} satisfies Anthropic.Tool;
const USER: Anthropic.MessageParam = { role: "user", content: "Go" };
const PARAMS = { model: "claude-haiku-4-5", max_tokens: 1000, tools: [CODE, WEATHER], messages: [USER] };

const dataDir = await mkdtemp(join(tmpdir(), "parley-borrow-"));
const { sandbox } = await openSandbox(dataDir, LIMITS);
const storage = await openTestStorage();
afterAll(async () => {
  await storage.close();
  await rm(dataDir, { recursive: true, force: true });
});

const blobs = await openFolderBlobStore(join(storage.dataDir, "blobs"));
const files = createFiles({ storage, blobs, clock: systemClock, quotaBytes: 500 * MIB });
const containers = createContainers({ storage, clock: systemClock, folder: join(dataDir, "containers"), lifeDays: 30 });

const ran = ({ content }: Anthropic.Message) =>
  content.flatMap((block) => (block.type === "code_execution_tool_result" ? [block.content] : []));

/** The next request of a client: its conversation, the reply, and the weather of each city that was asked for. */
function next(reply: Anthropic.Message, before: readonly Anthropic.MessageParam[]) {
  const results = reply.content.flatMap((block) =>
    block.type !== "tool_use"
      ? []
      : [{ type: "tool_result" as const, tool_use_id: block.id, content: `${(block.input as { city: string }).city}: rain` }],
  );
  const messages = [
    ...before,
    { role: "assistant" as const, content: reply.content },
    { role: "user" as const, content: results },
  ];
  return { ...PARAMS, container: reply.container?.id ?? null, messages };
}

test.skipIf(sandbox === null)(
  "a program goes on whichever process of its node is asked, and has its container to itself among them all",
  async () => {
    const runner = createCodeRunner({ ...noCode, sandbox, containers, files, concurrency: 2 });
    await using door = await openEngineDoor(
      { secret: "shown", tracing: NO_TRACING, find: () => null, answers: { code: lendCodeRunner(runner) } },
      { socketPath: join(dataDir, "door.sock") },
    );
    await using ends = new AsyncDisposableStack();
    const startProcess = async () => {
      const distant = connectEngineDoor({ address: door.address, secret: "shown" });
      const borrowed = borrowCodeRunner({
        sandbox,
        containers,
        ask: (question, signal) => distant.ask("code", question, signal),
      });
      const tools = { ...bareTools, ...createCodeExecution(borrowed, { timeoutMs: LIMITS.timeoutMs, seal: () => "" }) };
      const server = await startToolServer(tools, {}, { files, containers });
      ends.defer(async () => {
        await server.close();
        distant.close();
      });
      return server;
    };
    const [one, two] = [await startProcess(), await startProcess()];

    one.playSteps(step(["code_execution", { code: 'print(await weather("Oslo"), await weather("Rome"))' }]));
    const first = await one.client.messages.create(PARAMS);
    const second = await two.client.messages.create(next(first, PARAMS.messages));
    expect(second.content).toMatchObject([{ type: "tool_use", name: "weather", input: { city: "Rome" } }]);
    one.playSteps(step());
    const last = await one.client.messages.create(next(second, next(first, PARAMS.messages).messages));
    expect(ran(last)).toMatchObject([{ stdout: "Oslo: rain Rome: rain\n" }]);
    expect(last.container?.id).toBe(first.container?.id);

    // Each would see what the other writes down while it is there.
    const command = "[ ! -e busy ] && touch busy && sleep 0.3 && rm busy && echo alone";
    const container = first.container?.id ?? null;
    const both = await Promise.all(
      [one, two].map((each) => {
        each.playSteps(step(["bash_code_execution", { command }]), step());
        return each.client.messages.create({ ...PARAMS, tools: [CODE], container });
      }),
    );
    const printed = both.flatMap(({ content }) =>
      content.flatMap((block) => (block.type === "bash_code_execution_tool_result" ? [block.content] : [])),
    );
    expect(printed).toMatchObject([{ stdout: "alone\n" }, { stdout: "alone\n" }]);
    // What is refused there is told here in its words.
    const other = await containers.create({ organizationId: "org_1", workspaceId: "wrkspc_1" });
    two.playSteps(step());
    const lost = { ...next(second, next(first, PARAMS.messages).messages), container: other.id };
    expect(ran(await two.client.messages.create(lost))).toMatchObject([{ error_code: "execution_time_exceeded" }]);
  },
);
