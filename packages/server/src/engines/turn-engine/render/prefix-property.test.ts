import fc from "fast-check";
import { expect, test } from "vitest";
import type { ToolResultBlock, Turn, TurnMessage } from "../../../turn/turn.ts";
import { createPromptRenderer } from "./create-prompt-renderer.ts";
import type { PromptRenderer } from "./rendered-prompt.ts";
import { createMemoryReplayStore } from "./replay-store.ts";
import { TEST_TEMPLATES } from "./testing/templates.ts";
import { anyTurn } from "./testing/turns.ts";
import { createWordTokenizer, testModel } from "./testing/word-tokenizer.ts";
import { expectStablePrefixes } from "./testing/expect-stable-prefixes.ts";

const clock = { nowMs: () => 0, monotonicMs: () => 0 };

function rendererOf(template: string): PromptRenderer {
  const model = testModel(template);
  return createPromptRenderer({
    model,
    tokenize: createWordTokenizer(model.specialTokens).tokenize,
    replays: createMemoryReplayStore(clock),
  });
}

test.each(Object.entries(TEST_TEMPLATES))(
  "%s: the tokens before a boundary depend on nothing after it",
  async (_, template) => {
    const renderer = rendererOf(template);
    await fc.assert(
      fc.asyncProperty(anyTurn, anyTurn, (turn, other) => expectStablePrefixes(renderer, turn, other)),
      { numRuns: 60 },
    );
  },
  120_000,
);

test.each(Object.entries(TEST_TEMPLATES))(
  "%s: every text of any turn is in the prompt, in order of position",
  async (_, template) => {
    const model = testModel(template);
    const words = createWordTokenizer(model.specialTokens);
    const renderer = createPromptRenderer({ model, tokenize: words.tokenize, replays: createMemoryReplayStore(clock) });
    await fc.assert(
      fc.asyncProperty(anyTurn, async (turn) => {
        const { tokens, boundaries } = await renderer.render(turn);
        const spelled = words.spell(tokens);
        for (const piece of textsOf(turn)) expect(spelled).toContain(piece.trim());
        for (const [index, boundary] of boundaries.entries()) {
          expect(boundary.position).toBeGreaterThanOrEqual(boundaries[index - 1]?.position ?? 1);
          expect(boundary.position).toBeLessThanOrEqual(tokens.length);
        }
      }),
      { numRuns: 60 },
    );
  },
  120_000,
);

function textsOf(turn: Turn): string[] {
  const ofMessage = (message: TurnMessage): string[] =>
    message.content.flatMap((block) => {
      if (block.type === "text") return [block.text];
      if (block.type === "thinking") return [block.thinking];
      return block.type === "tool_result" ? block.content.map(textOfInner) : [];
    });
  return [...turn.system.map(({ text }) => text), ...turn.messages.flatMap(ofMessage)];
}

function textOfInner(inner: ToolResultBlock["content"][number]): string {
  if (inner.type === "tool_definition") return inner.tool.name;
  return inner.type === "image" ? inner.ocrText : inner.text;
}
