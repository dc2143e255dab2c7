import { describe, expect, test } from "vitest";
import type { ToolSpec, TurnMessage } from "../../turn/turn.ts";
import { GrammarRejected } from "../backend.ts";
import { blocksOf, runScripted } from "./testing/scripted-reply.ts";

const weather: ToolSpec = {
  name: "get_weather",
  description: null,
  inputSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false },
  strict: false,
  inputExamples: [],
};
const auto = { tools: [weather], toolChoice: { type: "auto", parallel: true } } as const;
const any = { tools: [weather], toolChoice: { type: "any", parallel: false } } as const;
const OPEN = '<tool_call>\n{"name": "get_weather", "arguments": ';
const REST = '{"city": "Oslo"}}\n</tool_call>';
const OSLO = 'get_weather {"city": "Oslo"}';

const weights = { fit: 1, grounding: 1, bias: 0, threshold: 0 };
const callsAll = { weights, fit: async () => [5] };
const callsNone = { weights, fit: async () => [-5] };

const answered: readonly TurnMessage[] = [
  { role: "user", content: [{ type: "text", text: "Weather in Oslo?" }] },
  { role: "assistant", content: [{ type: "tool_use", id: "1", name: "get_weather", input: { city: "Oslo" } }] },
  { role: "user", content: [{ type: "tool_result", toolUseId: "1", isError: false, content: [{ type: "text", text: "rain" }] }] },
];
const skyFormat = (sky: object) => ({ type: "object", properties: { sky }, required: ["sky"], additionalProperties: false });

describe("a call", () => {
  test("that begins in free text is completed under its tool's grammar", async () => {
    const reply = await runScripted(auto, [`Let me see.\n${OPEN}{"ci`, REST, ""]);
    expect(blocksOf(reply.events)).toEqual(["text: Let me see.", OSLO]);
    expect(reply.ending).toMatchObject({ stopReason: "tool_use", replayable: true });
    expect(reply.grammars.map((grammar) => grammar !== null)).toEqual([false, true, false]);
  });

  test("to a tool that the conversation has loaded is completed under that tool's grammar", async () => {
    const search: ToolSpec = { ...weather, name: "search" };
    const loading: readonly TurnMessage[] = [
      ...answered.slice(0, 1),
      { role: "assistant", content: [{ type: "tool_use", id: "1", name: "search", input: {} }] },
      {
        role: "user",
        content: [{ type: "tool_result", toolUseId: "1", isError: false, content: [{ type: "tool_definition", tool: weather }] }],
      },
    ];
    const reply = await runScripted({ ...auto, tools: [search], messages: loading }, [`${OPEN}{"ci`, REST, ""]);
    expect(blocksOf(reply.events)).toEqual([OSLO]);
    expect(reply.grammars[1]).toContain("city");
  });

  test("that has to be made begins with what every call begins with", async () => {
    const reply = await runScripted(any, [REST]);
    expect(blocksOf(reply.events)).toEqual([OSLO]);
    expect(reply.log.startsWith(OPEN)).toBe(true);
    expect(reply.tokenized).toEqual([OPEN]);
  });

  test("whose tool does not fit the request is not made", async () => {
    const reply = await runScripted(auto, [`${OPEN}{"ci`, "I", "t rains."], { gate: callsNone });
    expect(blocksOf(reply.events)).toEqual(["text: It rains."]);
    expect(reply.ending.stopReason).toBe("end_turn");
  });

  test("that the reply has announced by its tool's name is made, however little it fits", async () => {
    const reply = await runScripted(auto, [`I will use get_weather:\n${OPEN}{"ci`, REST, ""], { gate: callsNone });
    expect(blocksOf(reply.events)).toEqual(["text: I will use get_weather:", OSLO]);
  });

  test("that runs into a stop sequence ends the reply, and is judged first where its values decide", async () => {
    const byValues = { weights: { ...weights, threshold: 0.5 }, fit: async () => [0.2] };
    const turn = { ...auto, stopSequences: ["END"] };
    const messages = (text: string): readonly TurnMessage[] => [{ role: "user", content: [{ type: "text", text }] }];
    const script = [`${OPEN}{"ci`, '{"city": "Oslo END', "I", " cannot say."];
    const made = await runScripted({ ...turn, messages: messages("Weather in Oslo?") }, script, { gate: byValues });
    expect(blocksOf(made.events)).toEqual(['get_weather {"city": "Oslo "}']);
    expect(made.ending).toMatchObject({ stopReason: "stop_sequence", stopSequence: "END" });
    const other = await runScripted({ ...turn, messages: messages("Tell me a joke.") }, script, { gate: byValues });
    expect(blocksOf(other.events)).toEqual(["text: I cannot say."]);
    expect(other.notes).toEqual(["call-declined"]);
  });

  test("that repeats an answered one is not made, and the model is shown the answer again", async () => {
    const reply = await runScripted({ ...auto, messages: answered }, [`${OPEN}{"ci`, REST, "It rains."], { gate: callsAll });
    expect(blocksOf(reply.events)).toEqual(["text: It rains."]);
    expect(reply.notes).toEqual(["call-repeated"]);
  });

  test("to another tool that fits the request less than the answered one makes the model look at the answer again", async () => {
    const write: ToolSpec = { ...weather, name: "write_file" };
    const fit = async (tools: readonly ToolSpec[]) => tools.map(({ name }) => (name === "get_weather" ? 1.5 : 0.4));
    const turn = { ...auto, tools: [weather, write], messages: answered };
    const open = OPEN.replace("get_weather", "write_file");
    const reply = await runScripted(turn, [`${open}{"ci`, "It rains."], { gate: { weights, fit } });
    expect(blocksOf(reply.events)).toEqual(["text: It rains."]);
    const chain = {
      weights,
      fit: async (tools: readonly ToolSpec[]) => tools.map(({ name }) => (name === "get_weather" ? -1 : 2)),
    };
    const next = await runScripted(turn, [`${open}{"ci`, REST], { gate: chain });
    expect(blocksOf(next.events)).toEqual([OSLO.replace("get_weather", "write_file")]);
  });

  test("that max_tokens cuts is left open", async () => {
    const reply = await runScripted({ ...auto, maxTokens: OPEN.length + 10 }, [`${OPEN}{"ci`, REST]);
    expect(blocksOf(reply.events)).toEqual(['get_weather {"city": "']);
    expect(reply.events.at(-1)?.type).not.toBe("block-stop");
    expect(reply.ending.stopReason).toBe("max_tokens");
  });
});

describe("an input whose schema had to be relaxed", () => {
  const set = { ...weather, inputSchema: skyFormat({ type: "array", uniqueItems: true, items: { type: "integer" } }) };
  const turn = { tools: [set], toolChoice: { type: "any", parallel: false } } as const;
  const BAD = '{"sky": [1, 1]}}\n</tool_call>';

  test("is validated before it is sent, and decoded once more", async () => {
    const reply = await runScripted(turn, [BAD, '{"sky": [1]}}\n</tool_call>']);
    expect(blocksOf(reply.events)).toEqual(['get_weather {"sky": [1]}']);
    expect(reply.notes).toEqual(["call-resampled"]);
  });

  test("each call of a reply is decoded once more", async () => {
    const parallel = { ...turn, toolChoice: { type: "any", parallel: true } } as const;
    const good = (value: number) => `{"sky": [${value}]}}\n</tool_call>`;
    const next = await runScripted(parallel, [BAD, good(1), `${OPEN}{`, BAD, good(2), ""]);
    expect(blocksOf(next.events)).toEqual(['get_weather {"sky": [1]}', 'get_weather {"sky": [2]}']);
    expect(next.notes).toEqual(["call-resampled", "call-resampled"]);
    const twice = await runScripted(parallel, [BAD, good(1), `${OPEN}{`, BAD, BAD]);
    expect(blocksOf(twice.events)).toEqual(['get_weather {"sky": [1]}']);
    expect(twice.ending.stopReason).toBe("refusal");
  });

  test("ends the turn as a refusal when the second is wrong too", async () => {
    const reply = await runScripted(turn, [BAD, BAD]);
    expect(blocksOf(reply.events)).toEqual([]);
    expect(reply.ending).toMatchObject({ stopReason: "refusal", replayable: false });
    expect(reply.ending.refusal).toContain("get_weather");
  });
});

describe("a stop sequence ends the reply", () => {
  const stopSequences = ["END"];
  const ended = { stopReason: "stop_sequence", stopSequence: "END", replayable: false };

  test("in a format's text that was held until it was valid", async () => {
    const outputSchema = skyFormat({ type: "array", uniqueItems: true, items: { enum: ["END", "rain"] } });
    const reply = await runScripted({ ...auto, outputSchema, stopSequences }, ['{"sky": ["rain", "END"]}']);
    expect(blocksOf(reply.events)).toEqual(['text: {"sky": ["rain", "']);
    expect(reply.ending).toMatchObject(ended);
  });

  test("in the first characters, held back until they were seen to be no tag of the user's", async () => {
    const reply = await runScripted({ ...auto, stopSequences }, ["<END"], { gate: callsAll });
    expect(blocksOf(reply.events)).toEqual(["text: <"]);
    expect(reply.ending).toMatchObject(ended);
  });

  test("at the white space in front of a call that is not made", async () => {
    const reply = await runScripted({ ...auto, stopSequences: ["END\n"] }, [`So END\n${OPEN}{"ci`, "I", " know."], {
      gate: callsNone,
    });
    expect(blocksOf(reply.events)).toEqual(["text: So "]);
    expect(reply.ending).toMatchObject({ ...ended, stopSequence: "END\n" });
  });
});

/** Found in review, not mended yet: each passes once it is, and then loses its `fails`. */
describe("where a model errs", () => {
  test("a call is replayed with its end", async () => {
    const reply = await runScripted(auto, [`${OPEN}{"ci`, REST, ""]);
    expect(reply.log).toBe(OPEN + REST);
  });

  test("a forced call is replayed with its end", async () => {
    const reply = await runScripted(any, [REST]);
    expect(reply.log).toBe(OPEN + REST);
  });

  test("a refused grammar and an invalid first try leave one call", async () => {
    const script = [`${OPEN}{"ci`, new GrammarRejected("too large"), '{"town": "Oslo"}}\n</tool_call>', REST, ""];
    const reply = await runScripted(auto, script);
    expect(blocksOf(reply.events)).toEqual([OSLO]);
  });

  test("a call that is not made leaves the white space before it", async () => {
    const reply = await runScripted(auto, [`I know:\n\n${OPEN}{"ci`, "I", "t rains."], { gate: callsNone });
    expect(blocksOf(reply.events)).toEqual(["text: I know:\n\nIt rains."]);
  });

  test("a format holds after a repeated call", async () => {
    const turn = { ...auto, messages: answered, outputSchema: skyFormat({ type: "string" }) };
    const reply = await runScripted(turn, [OPEN + REST, '{"sky": "rain"}'], { gate: callsAll });
    expect(blocksOf(reply.events)).toEqual([OSLO]);
  });

  test("a format that had to be relaxed is validated beside tools too", async () => {
    const outputSchema = skyFormat({ type: "array", uniqueItems: true, items: { type: "integer" } });
    const reply = await runScripted({ ...auto, outputSchema }, ['{"sky": [1, 1]}', '{"sky": [1]}']);
    expect(blocksOf(reply.events)).toEqual(['text: {"sky": [1]}']);
  });

  test("a format whose grammar is refused beside tools falls back to any JSON", async () => {
    const refused = new GrammarRejected("too large");
    const turn = { ...auto, outputSchema: skyFormat({ type: "string" }) };
    const reply = await runScripted(turn, [refused, '{"sky": "rain"}']);
    expect(blocksOf(reply.events)).toEqual(['text: {"sky": "rain"}']);
  });

  test("what is written for the model stays within max_tokens", async () => {
    const tools = [{ ...weather, name: "x".repeat(120) }];
    const reply = await runScripted({ ...any, tools, maxTokens: 60 }, [REST]);
    expect(reply.outputTokens).toBeLessThanOrEqual(60);
  });
});
