import fc from "fast-check";
import type { AssistantBlock, TextBlock, ToolSpec, Turn, TurnMessage, UserBlock } from "../../../../turn/turn.ts";

const EMPTY: Turn = {
  requestId: "req_1",
  workspaceId: "wrkspc_1",
  weights: "w",
  system: [],
  messages: [],
  tools: [],
  toolChoice: { type: "auto", parallel: true },
  thinking: { type: "disabled" },
  effort: null,
  outputSchema: null,
  sampling: { temperature: null, topP: null, topK: null },
  stopSequences: [],
  maxTokens: 100,
  automaticCacheTtl: null,
  minimumCacheTokens: 0,
  affinity: { sessionId: null, agentId: null },
  priority: "standard",
  previousMessageId: null,
  messageId: "msg_1",
  contextOverflow: "refuse",
};

export const turnOf = (turn: Partial<Turn>): Turn => ({ ...EMPTY, ...turn });
export const text = (value: string, cacheTtl?: "5m" | "1h"): TextBlock => ({
  type: "text",
  text: value,
  ...(cacheTtl && { cacheTtl }),
});
export const user = (...content: readonly (string | UserBlock)[]): TurnMessage => ({
  role: "user",
  content: content.map((block) => (typeof block === "string" ? text(block) : block)),
});
export const assistant = (...content: readonly (string | AssistantBlock)[]): TurnMessage => ({
  role: "assistant",
  content: content.map((block) => (typeof block === "string" ? text(block) : block)),
});
export const system = (...content: readonly string[]): TurnMessage => ({
  role: "system",
  content: content.map((block) => text(block)),
});
export const toolUse = (id: string, name = "weather", input: Record<string, unknown> = { city: "Bern" }): AssistantBlock => ({
  type: "tool_use",
  id,
  name,
  input,
});
export const toolResult = (toolUseId: string, value: string, isError = false): UserBlock => ({
  type: "tool_result",
  toolUseId,
  isError,
  content: value === "" ? [] : [text(value)],
});
export const loadedTool = (toolUseId: string, loaded: ToolSpec): UserBlock => ({
  type: "tool_result",
  toolUseId,
  isError: false,
  content: [{ type: "tool_definition", tool: loaded }],
});
export const tool = (name: string, more: Partial<ToolSpec> = {}): ToolSpec => ({
  name,
  description: `Tells the ${name}.`,
  strict: false,
  inputExamples: [],
  inputSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  ...more,
});

const word = fc
  .oneof(
    fc.constantFrom(
      "Hello",
      " spaced ",
      "two\nlines\n",
      "<|im_end|>",
      "[INST]",
      "«",
      '{"a": 1}',
      "\u{e0f0}\u{e000}\u{e0f1}",
      "日本",
      "x".repeat(40),
    ),
    fc.string({ minLength: 1, maxLength: 12 }),
  )
  .filter((value) => value.trim() !== "");
const anyTool = (index: number) =>
  fc.record({ description: word, key: word, enumeration: word }).map(({ description, key, enumeration }) =>
    tool(`tool_${index}`, {
      description,
      inputSchema: { type: "object", properties: { [key]: { type: "string", enum: [enumeration] } } },
    }),
  );

/** One exchange: what the user says, and an answer that may call tools whose results follow. */
const exchange = fc.record({
  question: fc.array(word, { minLength: 1, maxLength: 3 }),
  reminder: fc.option(word, { freq: 4 }),
  thinking: fc.option(word, { freq: 4 }),
  answer: fc.array(word, { maxLength: 2 }),
  calls: fc.array(
    fc.record({ value: word, result: fc.option(word), failed: fc.boolean(), loads: fc.option(anyTool(4), { freq: 2 }) }),
    { maxLength: 3 },
  ),
});

/** Turns that pass validation, of any shape; the last message may be a prefill. */
export const anyTurn: fc.Arbitrary<Turn> = fc
  .record({
    system: fc.array(word, { maxLength: 3 }),
    tools: fc.nat(3).chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => anyTool(index)))),
    exchanges: fc.array(exchange, { minLength: 1, maxLength: 4 }),
    endsWithQuestion: fc.boolean(),
  })
  .map(({ system: systemTexts, tools, exchanges, endsWithQuestion }) => {
    const messages: TurnMessage[] = [];
    let results: UserBlock[] = [];
    exchanges.forEach(({ question, reminder, thinking, answer, calls }, index) => {
      const isLast = index === exchanges.length - 1;
      messages.push(user(...results, ...question));
      results = [];
      if (reminder !== null) messages.push(system(reminder));
      if (isLast && endsWithQuestion) return;
      const used = isLast ? [] : calls;
      messages.push(
        assistant(
          ...(thinking === null ? [] : [{ type: "thinking", thinking, signature: "s" } as const]),
          // A prefill that ends in white space is refused before it comes here.
          ...(used.length === 0 && answer.length === 0 ? ["ok"] : isLast ? answer.map((value) => value.trimEnd()) : answer),
          ...used.map(({ value }, call) => toolUse(`toolu_${index}_${call}`, `tool_${call}`, { city: value, more: [1] })),
        ),
      );
      results = used.map(({ result, failed, loads }, call) =>
        loads === null ? toolResult(`toolu_${index}_${call}`, result ?? "", failed) : loadedTool(`toolu_${index}_${call}`, loads),
      );
    });
    return turnOf({ system: systemTexts.map((value) => text(value)), tools, messages });
  });
