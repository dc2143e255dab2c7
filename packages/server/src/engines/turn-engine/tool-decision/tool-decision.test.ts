import { describe, expect, test } from "vitest";
import type { TurnMessage } from "../../../turn/turn.ts";
import { grounding } from "./grounding.ts";
import { answeredCalls, isKnown, mayBecomeKnown } from "./known-calls.ts";
import { freshRequest, isGated, judgeCall, judgeFit } from "./tool-gate.ts";

const user = (text: string): TurnMessage => ({ role: "user", content: [{ type: "text", text }] });
const call = (id: string, input: Record<string, unknown>): TurnMessage => ({
  role: "assistant",
  content: [{ type: "tool_use", id, name: "get", input }],
});
const result = (toolUseId: string, isError = false): TurnMessage => ({
  role: "user",
  content: [{ type: "tool_result", toolUseId, isError, content: [{ type: "text", text: "18" }] }],
});
const tool = { name: "get", description: null, inputSchema: {}, strict: false, inputExamples: [] };

describe("a fresh request", () => {
  test("is the text of a last user message that answers no call", () => {
    expect(freshRequest({ messages: [user("Hi")] })).toBe("Hi");
    expect(freshRequest({ messages: [user("Hi"), { role: "system", content: [] }] })).toBe("Hi");
    expect(freshRequest({ messages: [user("Hi"), call("1", {}), result("1")] })).toBeNull();
    expect(freshRequest({ messages: [user("Hi"), { role: "assistant", content: [] }] })).toBeNull();
    expect(freshRequest({ messages: [user("word ".repeat(400))] })).toBeNull();
    const skill = { type: "anthropic", skillId: "xlsx", versionId: "1", version: "1", name: "xlsx", description: "" } as const;
    const container = { organizationId: "org_1", current: null, uploads: [], skills: [skill] };
    expect(freshRequest({ messages: [user("Hi")], container: { ...container, skills: [] } })).toBe("Hi");
    expect(freshRequest({ messages: [user("Hi")], container })).toBeNull();
  });

  test("is judged where the model chooses, with few tools and no call before", () => {
    const turn = { messages: [user("Hi")], tools: [tool], toolChoice: { type: "auto" as const, parallel: true } };
    expect(isGated(turn)).toBe(true);
    expect(isGated({ ...turn, toolChoice: { type: "any", parallel: true } })).toBe(false);
    expect(isGated({ ...turn, tools: Array.from({ length: 9 }, (_, index) => ({ ...tool, name: `get_${index}` })) })).toBe(false);
    expect(isGated({ ...turn, messages: [user("a"), call("1", {}), result("1"), user("b")] })).toBe(false);
  });
});

test("a tool that fits is called, one that does not is not, and between them the values decide", () => {
  const gate = { fit: 1, grounding: 2, bias: 0, threshold: 1 };
  expect(judgeFit(gate, 1.1)).toBe("call");
  expect(judgeFit(gate, 0)).toBe("by-values");
  expect(judgeFit(gate, -1.1)).toBe("text");
  expect(judgeCall(gate, 0, 0.6)).toBe("call");
  expect(judgeCall(gate, 0, 0.4)).toBe("text");
});

test.each([
  [{ city: "Paris" }, 1],
  [{ city: "Oslo" }, 0],
  [{ city: "New York" }, 0],
  [{ value: 12.5 }, 1],
  [{ value: 1250 }, 1],
  [{ value: 3 }, 0],
  [{ many: ["Paris", "Berlin"] }, 0.5],
  [{ flag: true, none: null }, 0.5],
  [{}, 0.5],
])("the values of %j are grounded to a share of %d", (input, share) => {
  expect(grounding(input, "What is 12.5 % of the people in Paris?")).toBe(share);
});

describe("known calls", () => {
  const messages = [user("Hi"), call("1", { city: "Paris", days: [1] }), result("1")];

  test("are those whose results have just come, without an error", () => {
    expect(answeredCalls({ messages })).toEqual([{ name: "get", input: { city: "Paris", days: [1] } }]);
    expect(answeredCalls({ messages: [user("Hi"), call("1", {}), result("1", true)] })).toEqual([]);
    expect(answeredCalls({ messages: [...messages, call("2", {}), result("2")] })).toEqual([{ name: "get", input: {} }]);
  });

  test("are told by name and value, and a beginning may become one", () => {
    const known = answeredCalls({ messages });
    expect(isKnown({ name: "get", input: { days: [1], city: "Paris" } }, known)).toBe(true);
    expect(isKnown({ name: "put", input: { days: [1], city: "Paris" } }, known)).toBe(false);
    expect(mayBecomeKnown("get", "", known)).toBe(true);
    expect(mayBecomeKnown("get", '{\n  "city": "Par', known)).toBe(true);
    expect(mayBecomeKnown("get", '{"city": "Po', known)).toBe(false);
    expect(mayBecomeKnown("put", "", known)).toBe(false);
  });
});
