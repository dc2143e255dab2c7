import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  createScriptedEngine,
  end,
  HELLO,
  type Script,
  scripted,
  start,
  textBlock,
  USAGE,
} from "../doors/testing/scripted-engine.ts";
import { KEY, startTestServer, type TestServer } from "../doors/testing/start-test-server.ts";
import { createModelRegistry } from "../models/model-registry.ts";
import type { Turn } from "../turn/turn.ts";
import { createCompactor } from "./create-compactor.ts";
import { readSummary } from "./summary-request.ts";

let server: TestServer;
let client: Anthropic;
const engine = createScriptedEngine();
beforeAll(async () => {
  const compactor = createCompactor(engine);
  const models = createModelRegistry({ mapping: { haiku: "tiny", sonnet: "tiny", opus: "tiny" }, engine: compactor });
  server = await startTestServer({ deps: { engine: compactor, models } });
  client = new Anthropic({ baseURL: server.url, apiKey: KEY, maxRetries: 0 });
});
afterAll(() => server?.close());
beforeEach(() => playTurns(scripted(SUMMARY), scripted(HELLO)));

/** The scripted engine counts 23 tokens in every prompt. */
const COUNTED = 23;
const SUMMARY = [
  start,
  ...textBlock(0, "Here you are: <summary>They ", "build a bridge.</summary>"),
  end({ usage: { ...USAGE, outputTokens: 9 } }),
];
const OF_SUMMARY = {
  type: "compaction",
  input_tokens: 11,
  output_tokens: 9,
  cache_creation_input_tokens: 5,
  cache_read_input_tokens: 7,
  cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 2 },
};
const CONTENT = "They build a bridge.\n\nThe user's last message, word for word:\nAnd now?";

function playTurns(...scripts: readonly Script[]): void {
  let at = 0;
  engine.play((turn, signal) => scripts[Math.min(at++, scripts.length - 1)]!(turn, signal));
}

const MESSAGES: Anthropic.Beta.BetaMessageParam[] = [
  { role: "user", content: "Build a bridge." },
  { role: "assistant", content: "Done." },
  { role: "user", content: "And now?" },
];
const edit = (over: Partial<Anthropic.Beta.BetaCompact20260112Edit> = {}) => ({
  edits: [{ type: "compact_20260112" as const, trigger: { type: "input_tokens" as const, value: COUNTED }, ...over }],
});
const body = (over: Partial<Anthropic.Beta.MessageCreateParamsNonStreaming> = {}) => ({
  model: "claude-haiku-4-5",
  max_tokens: 50,
  betas: ["compact-2026-01-12"],
  messages: MESSAGES,
  context_management: edit(),
  ...over,
});
const texts = ({ messages }: Turn) =>
  messages.map(({ role, content }) => [role, content.map((block) => ("text" in block ? block.text : block.type)).join(" + ")]);

describe("a conversation that has grown too long", () => {
  test("is summarized by a turn of the engine, and the reply goes on from the summary", async () => {
    const begun = engine.turns.length;
    const reply = await client.beta.messages.create(body());
    expect(reply.content).toEqual([
      { type: "compaction", content: CONTENT, encrypted_content: null },
      { type: "text", text: "Hello", citations: null },
    ]);
    expect(reply.stop_reason).toBe("end_turn");
    const [asked, answered] = engine.turns.slice(begun);
    // The prompt begins as the turn's own would; the words of the request for a summary come last.
    expect(texts(asked!).slice(0, 2)).toEqual([
      ["user", "Build a bridge."],
      ["assistant", "Done."],
    ]);
    expect(texts(asked!)[2]![1]).toMatch(/^And now\? \+ Stop here and write a summary/);
    expect(asked).toMatchObject({ toolChoice: { type: "none" }, maxTokens: 4_096, thinking: { type: "disabled" } });
    expect(texts(answered!)).toEqual([["user", expect.stringContaining(`<summary>\n${CONTENT}\n</summary>`)]]);
    expect(answered).toMatchObject({ maxTokens: 50 });
  });

  test("counts its summary apart from the reply, and bills both", async () => {
    const reply = await client.beta.messages.create(body());
    const { iterations, ...own } = reply.usage;
    expect(own).toMatchObject({ input_tokens: 11, cache_read_input_tokens: 7, cache_creation_input_tokens: 5, output_tokens: 5 });
    expect(iterations).toEqual([
      OF_SUMMARY,
      { ...OF_SUMMARY, type: "message", output_tokens: 5, model: "claude-haiku-4-5-20251001" },
    ]);
    expect(server.rows.at(-1)?.usage).toMatchObject({ inputTokens: 22, cacheReadTokens: 14, outputTokens: 14 });
    // Both are reserved for.
    expect(server.limits.reserved.at(-1)?.outputTokens).toBe(50 + 4_096);
  });

  test("streams the summary as one block before the reply, and the SDK gathers what a whole reply has", async () => {
    const { messages, ...rest } = body();
    const stream = client.beta.messages.stream({ ...rest, messages });
    const events: string[] = [];
    const begun: object[] = [];
    stream.on("streamEvent", (event) => {
      const detail = event.type === "content_block_delta" ? `:${event.delta.type}` : "";
      events.push(`${event.type}${detail}${"index" in event ? `#${event.index}` : ""}`);
      if (event.type === "message_start") begun.push({ ...event.message.usage });
    });
    const message = await stream.finalMessage();
    expect(events).toEqual([
      "message_start",
      "content_block_start#0",
      "content_block_delta:compaction_delta#0",
      "content_block_stop#0",
      "content_block_start#1",
      "content_block_delta:text_delta#1",
      "content_block_delta:text_delta#1",
      "content_block_stop#1",
      "message_delta",
      "message_stop",
    ]);
    expect(begun).toMatchObject([{ input_tokens: 0, cache_read_input_tokens: 0 }]);
    expect(message.content).toMatchObject([
      { type: "compaction", content: CONTENT },
      { type: "text", text: "Hello" },
    ]);
    expect(message.usage).toMatchObject({ input_tokens: 11, output_tokens: 5, iterations: [OF_SUMMARY, { type: "message" }] });
  });

  test("pauses after the summary where the client wants to be asked", async () => {
    const begun = engine.turns.length;
    const reply = await client.beta.messages.create(body({ context_management: edit({ pause_after_compaction: true }) }));
    expect(reply).toMatchObject({ stop_reason: "compaction", content: [{ type: "compaction", content: CONTENT }] });
    expect(reply.usage).toMatchObject({ input_tokens: 0, output_tokens: 0, iterations: [OF_SUMMARY] });
    expect(engine.turns).toHaveLength(begun + 1);
    // The client keeps the block alone and goes on; before the first user message stands what the block says.
    playTurns(scripted(HELLO));
    const { content } = reply;
    await client.beta.messages.create(
      body({
        messages: [
          { role: "assistant", content },
          { role: "user", content: "Go on." },
        ],
        context_management: null,
      }),
    );
    expect(texts(engine.turns.at(-1)!)).toEqual([["user", expect.stringMatching(/They build a bridge[\s\S]* \+ Go on\.$/)]]);
    await client.beta.messages.create(
      body({ messages: [...MESSAGES, { role: "assistant", content }], context_management: null }),
    );
    expect(texts(engine.turns.at(-1)!)).toEqual([["user", expect.stringContaining("They build a bridge")]]);
  });

  test("is summarized in the client's own words where it gives some", async () => {
    const begun = engine.turns.length;
    await client.beta.messages.create(body({ context_management: edit({ instructions: "Only the numbers." }) }));
    expect(texts(engine.turns[begun]!).at(-1)).toEqual(["user", "And now? + Only the numbers."]);
  });

  test("goes on as it is where no summary comes of it", async () => {
    playTurns(scripted([start, ...textBlock(0, "<summary> </summary>"), end()]), scripted(HELLO));
    const reply = await client.beta.messages.create(body());
    expect(reply.content[0]).toEqual({ type: "compaction", content: null, encrypted_content: null });
    expect(texts(engine.turns.at(-1)!)).toHaveLength(3);
    await client.beta.messages.create(
      body({
        messages: [...MESSAGES, { role: "assistant", content: reply.content }, { role: "user", content: "?" }],
        context_management: null,
      }),
    );
    expect(texts(engine.turns.at(-1)!)).toHaveLength(5);
  });
});

describe("a summary on demand", () => {
  const asked = (over: Partial<Anthropic.Beta.MessageCreateParamsNonStreaming> = {}) =>
    body({ context_management: null, compaction: { type: "summarize" }, betas: ["compact-2026-09-04"], ...over });

  test("is the whole reply, within its max_tokens; the conversation goes on from the block, in whichever message it is first", async () => {
    playTurns(scripted(SUMMARY));
    const begun = engine.turns.length;
    const finished: Anthropic.Beta.BetaMessageParam[] = [...MESSAGES, { role: "assistant", content: "It stands. " }];
    const reply = await client.beta.messages.create(asked({ messages: finished, max_tokens: 700 }));
    const block = { type: "compaction", content: "They build a bridge.", encrypted_content: null };
    expect(reply).toMatchObject({
      content: [block],
      stop_reason: "compaction",
      usage: { input_tokens: 0, iterations: [OF_SUMMARY] },
    });
    expect(engine.turns).toHaveLength(begun + 1);
    expect(engine.turns.at(-1)).toMatchObject({ maxTokens: 700, toolChoice: { type: "none" } });
    expect(texts(engine.turns.at(-1)!).slice(2)).toEqual([
      ["user", "And now?"],
      ["assistant", "It stands. "],
      ["user", expect.stringMatching(/^Stop here and write a summary/)],
    ]);
    expect(server.limits.reserved.at(-1)?.outputTokens).toBe(700);

    playTurns(scripted(HELLO));
    const { content } = reply;
    const own: Anthropic.Beta.BetaMessageParam[] = [
      { role: "assistant", content },
      { role: "user", content: "Paint it." },
    ];
    const shared: Anthropic.Beta.BetaMessageParam[] = [
      { role: "user", content: [...(content as Anthropic.Beta.BetaContentBlockParam[]), { type: "text", text: "Paint it." }] },
    ];
    for (const messages of [own, shared]) {
      await client.beta.messages.create(body({ messages, context_management: null }));
      expect(texts(engine.turns.at(-1)!)).toEqual([["user", expect.stringMatching(/They build a bridge[^]* \+ Paint it\.$/)]]);
    }
  });

  test("comes whole in a stream", async () => {
    playTurns(scripted(SUMMARY));
    const stream = client.beta.messages.stream(asked());
    const events: string[] = [];
    stream.on("streamEvent", ({ type }) => events.push(type));
    expect((await stream.finalMessage()).content).toMatchObject([{ type: "compaction", content: "They build a bridge." }]);
    expect(events).toEqual(["message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop"]);
  });

  test("that was cut off is none: a reply without content, billed, that says why", async () => {
    playTurns(
      scripted([
        start,
        ...textBlock(0, "<summary>They"),
        end({ stopReason: "max_tokens", usage: { ...USAGE, outputTokens: 9 } }),
      ]),
    );
    expect(await client.beta.messages.create(asked())).toMatchObject({
      content: [],
      stop_reason: "max_tokens",
      usage: { iterations: [OF_SUMMARY] },
    });
  });

  test("goes with nothing that only a reply has", async () => {
    await expect(client.beta.messages.create(asked({ stop_sequences: ["x"] }))).rejects.toThrow(
      "compaction: cannot be combined with `stop_sequences`",
    );
    await expect(client.beta.messages.create(asked({ context_management: edit() }))).rejects.toThrow(
      "compaction: cannot be combined with `context_management`",
    );
    const late: Anthropic.Beta.BetaMessageParam[] = [
      {
        role: "user",
        content: [
          { type: "text", text: "Hi" },
          { type: "compaction", content: "Before." },
        ],
      },
    ];
    const refused = await client.beta.messages.create(body({ messages: late })).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Anthropic.BadRequestError);
    expect((refused as InstanceType<typeof Anthropic.BadRequestError>).error).toMatchObject({
      error: { details: { error_code: "compaction_block_misplaced" } },
    });
  });
});

test("below its trigger nothing is summarized", async () => {
  playTurns(scripted(HELLO));
  const below = edit({ trigger: { type: "input_tokens", value: COUNTED + 1 } });
  const reply = await client.beta.messages.create(body({ context_management: below }));
  expect(reply).toMatchObject({
    content: [{ type: "text" }],
    usage: { iterations: null },
    context_management: { applied_edits: [] },
  });
  // Three quarters of the window of 4,096, where the client names none.
  await client.beta.messages.create(body({ context_management: { edits: [{ type: "compact_20260112" }] } }));
  expect(texts(engine.turns.at(-1)!)).toHaveLength(3);
});

test("a history is read from its last summary on, and tools that came and went before it are remembered", async () => {
  playTurns(scripted(HELLO));
  const begun = engine.turns.length;
  const tool = (name: string) => ({ name, defer_loading: true, input_schema: { type: "object" as const } });
  const always = { name: "always", input_schema: { type: "object" as const } };
  const reference = { type: "tool_reference" as const, name: "later" };
  await client.beta.messages.create(
    body({
      context_management: null,
      tools: [always, tool("later"), tool("never")],
      messages: [
        { role: "user", content: "One" },
        { role: "system", content: [{ type: "tool_addition", tool: reference }] },
        {
          role: "assistant",
          content: [
            { type: "compaction", content: "First." },
            { type: "text", text: "Two" },
          ],
        },
        { role: "user", content: "Three" },
        {
          role: "assistant",
          content: [
            { type: "text", text: "Four" },
            { type: "compaction", content: "Second." },
            { type: "text", text: "Five" },
          ],
        },
        { role: "user", content: "Six" },
      ],
    }),
  );
  expect(texts(engine.turns[begun]!)).toEqual([
    ["user", expect.stringContaining("<summary>\nSecond.\n</summary>")],
    ["system", "tool_definition"],
    ["assistant", "Five"],
    ["user", "Six"],
  ]);
});

test.each([
  [
    "an empty summary",
    { type: "compaction", content: "" },
    "messages.1.content.0.compaction.content: String should have at least 1 character",
  ],
  [
    "a key that there is not",
    { type: "compaction", content: "x", text: "y" },
    "messages.1.content.0.compaction.text: Extra inputs are not permitted",
  ],
])("%s is refused", async (_what, block, message) => {
  const bad = block as unknown as Anthropic.Beta.BetaCompactionBlockParam;
  const messages = [MESSAGES[0]!, { role: "assistant" as const, content: [bad] }, MESSAGES[2]!];
  await expect(client.beta.messages.create(body({ messages }))).rejects.toThrow(message);
});

test("a client that goes away while the summary is written pays for what was decoded", async () => {
  const controller = new AbortController();
  playTurns(async function* (_turn, signal) {
    yield start;
    yield* textBlock(0, "one", "two").slice(0, 3);
    controller.abort();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    signal.throwIfAborted();
  });
  const rows = server.rows.length;
  const stream = client.beta.messages.create({ ...body(), stream: true }, { signal: controller.signal });
  await expect(stream.then((events) => Array.fromAsync(events))).rejects.toThrow(/abort/i);
  await expect.poll(() => server.rows.length).toBe(rows + 1);
  expect(server.rows.at(-1)).toMatchObject({ outcome: "client_closed", usage: { inputTokens: 11, outputTokens: 2 } });
});

test("what a model wraps around its summary is left out", () => {
  expect(readSummary("Sure.\n<summary>\nA\nB\n</summary>\nDone.")).toBe("A\nB");
  expect(readSummary("<summary>cut off")).toBe("cut off");
  expect(readSummary(" plain ")).toBe("plain");
  expect(readSummary("<summary></summary>")).toBeNull();
});
