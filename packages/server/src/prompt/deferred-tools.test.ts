import { parseMessagesCreate } from "@parley/wire";
import { describe, expect, test } from "vitest";
import { testTurnContext } from "../../test/support/test-turn-context.ts";
import { Failure } from "../platform/fail.ts";
import { offeredTools, toolChanges } from "../turn/offered-tools.ts";
import type { Turn } from "../turn/turn.ts";
import { applyContextEdits } from "./apply-context-edits.ts";
import { toTurn } from "./to-turn.ts";

const schema = { input_schema: { type: "object" } };
const search = { name: "search", ...schema };
const fetching = { name: "fetch", description: "Fetches a page.", ...schema, defer_loading: true };
const notes = { name: "notes", ...schema, defer_loading: true };
const tools = [search, fetching, notes];

const question = { role: "user", content: "Read the page." };
const use = (id: string, name: string) => ({ role: "assistant", content: [{ type: "tool_use", id, name, input: {} }] });
const result = (id: string, content: unknown) => ({ role: "user", content: [{ type: "tool_result", tool_use_id: id, content }] });
const reference = (name: string) => ({ type: "tool_reference", tool_name: name });
const change = (type: string, name: string) => ({
  role: "system",
  content: [{ type, tool: { type: "tool_reference", name } }],
});
const loaded = [question, use("1", "search"), result("1", [reference("fetch")])];

function turn(body: object): Turn {
  const checked = parseMessagesCreate(
    { model: "m", max_tokens: 100, tools, messages: [question], ...body },
    { version: "2023-06-01" },
  );
  if (!checked.ok) throw new Error(checked.message);
  return toTurn(checked.value, testTurnContext());
}

function verdict(body: object): string {
  try {
    turn(body);
    return "ok";
  } catch (error) {
    return error instanceof Failure ? error.publicMessage : (error as Error).message;
  }
}

const names = (made: Turn): string[] => offeredTools(made).map(({ name }) => name);
/** The tools that a message defines, by its place. */
const definedAt = (made: Turn): Record<number, string[]> =>
  Object.fromEntries(
    made.messages.flatMap((message, at) => {
      const defined = toolChanges(message).flatMap((block) => (block.type === "tool_definition" ? [block.tool.name] : []));
      return defined.length === 0 ? [] : [[at, defined]];
    }),
  );

describe("a deferred tool", () => {
  test("is neither in the prompt nor offered until something loads it", () => {
    const made = turn({});
    expect(made.tools.map(({ name }) => name)).toEqual(["search"]);
    expect(names(made)).toEqual(["search"]);
  });

  test("is defined in the tool result that refers to it, and offered from there on", () => {
    const made = turn({ messages: loaded });
    expect(made.tools).toEqual(turn({}).tools);
    expect(definedAt(made)).toEqual({ 2: ["fetch"] });
    expect(names(made)).toEqual(["search", "fetch"]);
  });

  test("is defined once, however often it is referred to", () => {
    const again = [...loaded, use("2", "search"), result("2", [reference("fetch"), reference("search")])];
    const made = turn({ messages: again });
    expect(definedAt(made)).toEqual({ 2: ["fetch"] });
    expect(made.messages[4]?.content).toMatchObject([
      { content: [{ text: "The tool fetch is loaded." }, { text: "The tool search is loaded." }] },
    ]);
  });

  test("that the history calls is defined in the result of that call", () => {
    const made = turn({ messages: [question, use("1", "notes"), result("1", "noted")] });
    expect(definedAt(made)).toEqual({ 2: ["notes"] });
    expect(names(made)).toEqual(["search", "notes"]);
  });

  test("that the choice forces is defined before the reply, and before its prefill", () => {
    const forced = { tool_choice: { type: "tool", name: "fetch" } };
    expect(definedAt(turn(forced))).toEqual({ 1: ["fetch"] });
    expect(definedAt(turn({ ...forced, messages: [question, { role: "assistant", content: "I" }] }))).toEqual({ 1: ["fetch"] });
    expect(definedAt(turn({ ...forced, messages: loaded }))).toEqual({ 2: ["fetch"] });
  });

  test("stays loaded when the result that loaded it is cleared", async () => {
    const { turn: edited } = await applyContextEdits(
      turn({ messages: [...loaded, use("2", "fetch"), result("2", "page")] }),
      [{ type: "clear_tool_uses_20250919", trigger: { type: "tool_uses", value: 0 }, keep: { type: "tool_uses", value: 0 } }],
      async () => 1,
    );
    expect(names(edited)).toEqual(["search", "fetch"]);
  });
});

describe("a tool change in the conversation", () => {
  test("adds a deferred tool, removes one, and brings it back", () => {
    const added = [question, change("tool_addition", "fetch")];
    const removed = [...added, { role: "assistant", content: "a" }, question, change("tool_removal", "search")];
    const back = [...removed, { role: "assistant", content: "b" }, question, change("tool_addition", "search")];
    expect(names(turn({ messages: added }))).toEqual(["search", "fetch"]);
    expect(names(turn({ messages: removed }))).toEqual(["fetch"]);
    expect(names(turn({ messages: back }))).toEqual(["fetch", "search"]);
    expect(definedAt(turn({ messages: back }))).toEqual({ 1: ["fetch"], 7: ["search"] });
  });

  test("leaves nothing that a forced call could call", () => {
    const messages = [question, change("tool_removal", "search")];
    const text = "tool_choice: the tools that it could call were removed in `messages`";
    expect(verdict({ messages, tool_choice: { type: "any" } })).toBe(text);
    expect(verdict({ messages, tool_choice: { type: "tool", name: "search" } })).toBe(text);
    expect(verdict({ messages, tool_choice: { type: "auto" } })).toBe("ok");
  });
});

describe("refused in the platform's words", () => {
  const cases: readonly (readonly [name: string, body: object, expected: string])[] = [
    ["all tools deferred", { tools: [fetching, notes] }, "At least one tool must have defer_loading=false"],
    [
      "a deferred tool with a breakpoint",
      { tools: [search, { ...fetching, cache_control: { type: "ephemeral" } }] },
      "Tool 'fetch' cannot have both defer_loading=true and cache_control set. Tools with defer_loading cannot use prompt caching.",
    ],
    [
      "a reference to no declared tool",
      { messages: [question, use("1", "search"), result("1", [reference("gone")])] },
      "Tool reference 'gone' not found in available tools",
    ],
    [
      "an addition of no declared tool",
      { messages: [question, change("tool_addition", "gone")] },
      "Tool reference 'gone' not found in available tools",
    ],
    [
      "a reference beside other content",
      { messages: [question, use("1", "search"), result("1", [reference("fetch"), { type: "text", text: "x" }])] },
      "messages.2.content.0: Tool definitions/code execution functions cannot be mixed with other content",
    ],
  ];
  test.each(cases)("%s", (_, body, expected) => expect(verdict(body)).toBe(expected));
});

test("thinking.display `updates` shows no thinking, as no update is written", () => {
  expect(turn({ thinking: { type: "adaptive", display: "updates" } }).thinking).toEqual({ type: "adaptive", display: "omitted" });
});
