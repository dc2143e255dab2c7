import type { ContextEdit } from "@parley/wire";
import { describe, expect, test } from "vitest";
import type { Turn, TurnMessage } from "../turn/turn.ts";
import { applyContextEdits } from "./apply-context-edits.ts";

/** One token a character of JSON: enough to see that counts are differences of real counts. */
const countTokens = async (turn: Turn): Promise<number> => JSON.stringify(turn.messages).length;

const use = (id: string, name = "read") => ({ type: "tool_use", id, name, input: { path: id } }) as const;
const result = (id: string) =>
  ({ type: "tool_result", toolUseId: id, isError: false, content: [{ type: "text", text: "x".repeat(200) }] }) as const;
const thought = { type: "thinking", thinking: "t".repeat(100), signature: "s" } as const;

const messages: TurnMessage[] = [
  { role: "user", content: [{ type: "text", text: "q" }] },
  ...["a", "b", "c", "d", "e"].flatMap((id): TurnMessage[] => [
    { role: "assistant", content: [thought, use(id, id === "b" ? "keep" : "read")] },
    { role: "user", content: [result(id)] },
  ]),
];
const turn = { messages } as unknown as Turn;

const apply = (...edits: ContextEdit[]) => applyContextEdits(turn, edits, countTokens);
const clearedIds = (made: Turn) =>
  made.messages.flatMap((message) =>
    message.role === "user"
      ? message.content.flatMap((block) =>
          block.type === "tool_result" && block.content[0]?.type === "text" && block.content[0].text.startsWith("[This")
            ? [block.toolUseId]
            : [],
        )
      : [],
  );
const inputs = (made: Turn) =>
  made.messages.flatMap((message) =>
    message.role === "assistant" ? message.content.flatMap((block) => (block.type === "tool_use" ? [block.input] : [])) : [],
  );

describe("clear_tool_uses_20250919", () => {
  const type = "clear_tool_uses_20250919";
  const trigger = { type: "tool_uses", value: 4 } as const;

  test("keeps the last three results and leaves a note in the place of the others", async () => {
    const { turn: made, appliedEdits, originalInputTokens } = await apply({ type, trigger });
    expect(clearedIds(made)).toEqual(["a", "b"]);
    expect(inputs(made)[0]).toEqual({ path: "a" });
    const before = await countTokens(turn);
    expect(originalInputTokens).toBe(before);
    expect(appliedEdits).toEqual([{ type, cleared_tool_uses: 2, cleared_input_tokens: before - (await countTokens(made)) }]);
  });
  test("below the trigger nothing happens", async () => {
    expect(await apply({ type })).toMatchObject({ turn, appliedEdits: [] });
    expect(await apply({ type, trigger: { type: "tool_uses", value: 5 } })).toEqual({
      turn,
      appliedEdits: [],
      originalInputTokens: null,
    });
  });
  test("excluded tools keep their results, and inputs are cleared when asked", async () => {
    const { turn: made } = await apply({
      type,
      trigger,
      keep: { type: "tool_uses", value: 1 },
      exclude_tools: ["keep"],
      clear_tool_inputs: true,
    });
    expect(clearedIds(made)).toEqual(["a", "c", "d"]);
    expect(inputs(made)).toEqual([{}, { path: "b" }, {}, {}, { path: "e" }]);
  });
  test("less than clear_at_least is not worth a broken cache", async () => {
    expect(await apply({ type, trigger, clear_at_least: { type: "input_tokens", value: 1e6 } })).toMatchObject({
      turn,
      appliedEdits: [],
    });
  });
  test("keep 0 clears all", async () => {
    expect(clearedIds((await apply({ type, trigger, keep: { type: "tool_uses", value: 0 } })).turn)).toEqual([
      "a",
      "b",
      "c",
      "d",
      "e",
    ]);
  });
});

describe("clear_thinking_20251015", () => {
  const type = "clear_thinking_20251015";
  const thinkingTurns = (made: Turn) =>
    made.messages.filter((message) => message.role === "assistant" && message.content.some((block) => block.type === "thinking"))
      .length;

  test("keeps all without a count", async () => {
    expect(await apply({ type, keep: "all" })).toEqual({ turn, appliedEdits: [], originalInputTokens: null });
  });
  test("keeps the last turn by default, and as many as asked", async () => {
    const one = await apply({ type });
    expect(thinkingTurns(one.turn)).toBe(1);
    expect(one.appliedEdits).toMatchObject([{ type, cleared_thinking_turns: 4 }]);
    expect(thinkingTurns((await apply({ type, keep: { type: "thinking_turns", value: 3 } })).turn)).toBe(3);
  });
  test("several edits apply in order, each with its own count", async () => {
    const { turn: made, appliedEdits } = await apply(
      { type },
      { type: "clear_tool_uses_20250919", trigger: { type: "tool_uses", value: 1 } },
    );
    expect(appliedEdits.map((edit) => edit.type)).toEqual([type, "clear_tool_uses_20250919"]);
    expect(appliedEdits.reduce((sum, edit) => sum + edit.cleared_input_tokens, 0)).toBe(
      (await countTokens(turn)) - (await countTokens(made)),
    );
  });
});
