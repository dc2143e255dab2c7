import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ToolSpec } from "../../turn/turn.ts";
import { blocksOf, runScripted } from "./testing/scripted-reply.ts";

const adaptive = { thinking: { type: "adaptive", display: "summarized" } } as const;

test("thinks inside tags that are billed with it, then answers", async () => {
  const reply = await runScripted(adaptive, ["They greet me.</think>", "Hello"]);
  expect(blocksOf(reply.events)).toEqual(["thinking: They greet me.", "text: Hello"]);
  expect(reply.log).toBe("<think>\nThey greet me.\n</think>\n\nHello");
  expect(reply.ending.thinkingTokens).toBe(reply.log.indexOf("Hello"));
});

test("where max_tokens leaves no room to think, it is all the answer's", async () => {
  const reply = await runScripted({ ...adaptive, maxTokens: 5 }, ["Hello, you!"]);
  expect(blocksOf(reply.events)).toEqual(["text: Hello"]);
  expect(reply.outputTokens).toBe(5);
  expect(reply.ending).toMatchObject({ stopReason: "max_tokens", thinkingTokens: 0 });
});

test("of a token that ends the thinking and begins the tag, the thinking's part is kept", async () => {
  const reply = await runScripted(adaptive, [["Fine", ".</", "think>\n", "Hi"], "Hello"]);
  expect(blocksOf(reply.events)).toEqual(["thinking: Fine.", "text: Hello"]);
  expect(reply.log).toBe("<think>\nFine.\n</think>\n\nHello");
});

const native = { thinkingNative: true };
const gptOss = { family: "harmony", thinkingNative: true } as const;
const FINAL = "<|channel|>final<|message|>";
const NEXT = "<|end|><|start|>assistant";

test("a template's open thought takes no more than max_tokens", async () => {
  const open = { ...native, insideThought: true };
  const cut = await runScripted({ ...adaptive, maxTokens: 1 }, ["Let me see."], open);
  expect(blocksOf(cut.events)).toEqual(["thinking: L"]);
  expect(cut.ending).toMatchObject({ stopReason: "max_tokens", thinkingTokens: 1, replayable: false });
  expect(cut.outputTokens).toBe(1);
  const whole = await runScripted(adaptive, ["Let me see.\n</think>\n\n", "Hello"], open);
  expect(blocksOf(whole.events)).toEqual(["thinking: Let me see.", "text: Hello"]);
  expect(whole.log).toBe("Let me see.\n\n</think>\n\nHello");
});

const weather: ToolSpec = {
  name: "get_weather",
  description: null,
  inputSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  strict: false,
  inputExamples: [],
};
const withTools = { tools: [weather], toolChoice: { type: "auto", parallel: true } } as const;

describe("a thought that nobody asked for is no text", () => {
  test.each([
    ["plain", {}],
    ["beside tools", withTools],
  ])("%s: what the model opens is closed at once", async (_, turn) => {
    const reply = await runScripted(turn, [["<thi", "nk>\nLet", " me see."], "\nHello </think> you"], native);
    expect(blocksOf(reply.events)).toEqual(["text: Hello\n\nyou"]);
    expect(reply.log).toBe("<think>\n\n</think>\n\n\nHello </think> you");
    expect(reply.ending).toMatchObject({ stopReason: "end_turn", thinkingTokens: 0 });
  });

  test("a second one is passed over in silence", async () => {
    const reply = await runScripted({}, ["<think>", "<think>Let me see.</think>Hello"], native);
    expect(blocksOf(reply.events)).toEqual(["text: Hello"]);
  });

  test("a call behind it is made", async () => {
    const call = '<tool_call>\n{"name": "get_weather", "arguments": {"ci';
    const reply = await runScripted(withTools, ["<think>", call, '{"city": "Oslo"}}\n</tool_call>', ""], native);
    expect(blocksOf(reply.events)).toEqual(['get_weather {"city": "Oslo"}']);
  });

  test("a prefill's is closed, and the answer follows", async () => {
    const reply = await runScripted(adaptive, ["Hello"], { ...native, insideThought: true, prefilled: true });
    expect(blocksOf(reply.events)).toEqual(["text: Hello"]);
    expect(reply.log).toBe("\n</think>\n\nHello");
  });

  test("without room to close it the reply ends", async () => {
    const reply = await runScripted({ maxTokens: 10 }, ["<think>\nLet me see."], native);
    expect(blocksOf(reply.events)).toEqual([]);
    expect(reply.ending).toMatchObject({ stopReason: "max_tokens", replayable: false });
  });

  test.each(["`<think>` and `</think>` are tags", "```\n<think>\n</think>\n```", "A <think> within a line"])(
    "an answer may be about the tags: %s",
    async (answer) => {
      expect(blocksOf((await runScripted({}, [answer], native)).events)).toEqual([`text: ${answer}`]);
    },
  );

  test("weights that were never shown tags write them as text", async () => {
    expect(blocksOf((await runScripted({}, ["<think>a</think>b"])).events)).toEqual(["text: <think>a</think>b"]);
  });
});

describe("gpt-oss", () => {
  test("answers in its final channel where it is not to think", async () => {
    const reply = await runScripted({}, [`Hello${NEXT}<|channel|>analysis<|message|>hm${NEXT}${FINAL}you`], gptOss);
    expect(blocksOf(reply.events)).toEqual(["text: Hello\n\nyou"]);
    expect(reply.log.startsWith(`${FINAL}Hello`)).toBe(true);
  });

  test("thinks in its analysis channel", async () => {
    const reply = await runScripted(adaptive, [`They greet me.${NEXT}`, "Hello"], gptOss);
    expect(blocksOf(reply.events)).toEqual(["thinking: They greet me.", "text: Hello"]);
    expect(reply.log).toBe(`<|channel|>analysis<|message|>They greet me.${NEXT}${FINAL}Hello`);
    expect(reply.log.slice(reply.ending.thinkingTokens)).toBe(`${FINAL}Hello`);
  });

  test("beside tools chooses its channel itself, and no channel's header is text", async () => {
    const analysis = `<|channel|>analysis<|message|>hm${NEXT}`;
    const call = '<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{"ci';
    const made = await runScripted(
      withTools,
      [`${analysis}<|channel|>commentary<|message|>I look.${NEXT}${call}`, '{"city": "Oslo"}', ""],
      gptOss,
    );
    expect(blocksOf(made.events)).toEqual(["text: I look.", 'get_weather {"city": "Oslo"}']);
    const said = await runScripted(withTools, [`${analysis}${FINAL}Hello`], gptOss);
    expect(blocksOf(said.events)).toEqual(["text: Hello"]);
    const unknown = await runScripted(withTools, [call.replace("weather", "time")], gptOss);
    expect(blocksOf(unknown.events)).toEqual([]);
  });

  test("a header that max_tokens cuts is no text", async () => {
    const header = ["<|end|>", "<|start|>", "assistant", "<|channel|>", "comment", "ary", " to=", "functions.", "get_weather"];
    const written = ["<|channel|>", "final", "<|message|>", "Hel", "lo", ...header];
    for (let tokens = 1; tokens <= written.length; tokens += 1) {
      for (const turn of [{ maxTokens: FINAL.length + tokens }, { ...withTools, maxTokens: tokens }]) {
        const reply = await runScripted(turn, [written], gptOss);
        expect(["", "text: Hel", "text: Hello"]).toContain(blocksOf(reply.events).join(""));
      }
    }
  });

  test("writes a format's JSON in its final channel", async () => {
    const outputSchema = { type: "object", properties: { a: { type: "integer" } }, required: ["a"], additionalProperties: false };
    const reply = await runScripted({ outputSchema }, ['{"a": 1}'], gptOss);
    expect(blocksOf(reply.events)).toEqual(['text: {"a": 1}']);
    expect(reply.log).toBe(`${FINAL}{"a": 1}`);
  });
});

test("thinking's markup never reaches the client, however the model's output is cut", async () => {
  const tags = fc.constantFrom("<think>", "</think>", "\n<think>\n", "<", "</", "think", "a", "b.", " ", "\n", "```\n");
  const channel = fc.constantFrom("<|channel|>analysis<|message|>", FINAL, "<|channel|>commentary<|message|>", NEXT, "<|end|>");
  const spoken = fc.constantFrom("<", "<|", "|>", "final", "a", "b.", " ", "\n", "```\n");
  const run = fc.record({
    family: fc.constantFrom("hermes", "deepseek", "harmony"),
    turn: fc.constantFrom({}, adaptive, withTools, { ...adaptive, ...withTools }, { ...adaptive, maxTokens: 200 }),
    insideThought: fc.boolean(),
    written: fc.array(fc.oneof(tags, spoken), { maxLength: 14 }),
    channels: fc.array(fc.oneof(channel, spoken), { maxLength: 14 }),
  });
  await fc.assert(
    fc.asyncProperty(run, fc.nat(13), async ({ family, turn, insideThought, written, channels }, cut) => {
      const harmony = family === "harmony";
      const pieces = harmony ? channels : written.filter((piece) => !piece.includes("```"));
      const thinks = "thinking" in turn;
      const model = { family, thinkingNative: true, insideThought: insideThought && thinks && !harmony } as const;
      const script = (chunk: (pieces: readonly string[]) => readonly string[]) =>
        [pieces.slice(0, cut), pieces.slice(cut), ["over"]].map((part) => chunk(part));
      const reply = await runScripted(
        turn,
        script((part) => part),
        model,
      );
      const text = blocksOf(reply.events)
        .filter((block) => block.startsWith("text: "))
        .join("\n")
        .replaceAll("text: ", "");
      expect(text).not.toMatch(harmony ? /<\|(?:start|end|channel|message)\|>/ : /<\/think>|^\s*<think>/m);
      expect(reply.outputTokens).toBeLessThanOrEqual("maxTokens" in turn ? turn.maxTokens : 1000);
      const cutApart = await runScripted(
        turn,
        script((part) => part.flatMap((piece) => Array.from(piece))),
        model,
      );
      // Where tokens count, single characters reach less far.
      const compared = "maxTokens" in turn ? reply : cutApart;
      expect(blocksOf(compared.events)).toEqual(blocksOf(reply.events));
    }),
    { numRuns: 400 },
  );
});
