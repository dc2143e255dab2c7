import type { Family } from "./detect-family.ts";

/** How a family of models marks what it thinks. The renderer, the phases and the scanner all ask here. */
export interface ThinkingMarkup {
  /** Opens a thought. */
  readonly open: string;
  /** What the model ends a thought with, or goes on with where it forgets to. */
  readonly ends: readonly string[];
  /** Ends a thought in the model's place. */
  readonly close: string;
  /** Stands in front of an answer in words; empty where nothing does. */
  readonly answer: string;
}

/** DeepSeek-R1, Qwen3, QwQ and most others; Parley's own for weights that were not trained to think. */
const TAGS: ThinkingMarkup = { open: "<think>\n", ends: ["</think>"], close: "\n</think>\n\n", answer: "" };

/** gpt-oss thinks in one channel and answers in another; which one a call goes to is left to the model. */
const CHANNELS: ThinkingMarkup = {
  open: "<|channel|>analysis<|message|>",
  ends: ["<|end|>", "<|start|>", "<|channel|>"],
  close: "<|end|><|start|>assistant",
  answer: "<|channel|>final<|message|>",
};

export function thinkingMarkup(family: Family): ThinkingMarkup {
  return family === "harmony" ? CHANNELS : TAGS;
}

/** Whether what follows the text is thought. */
export function opensThought(text: string, { open, ends }: ThinkingMarkup): boolean {
  const tag = open.trim();
  const at = text.lastIndexOf(tag);
  return at >= 0 && !ends.some((end) => text.includes(end, at + tag.length));
}

/** What templates that can be told not to think print: a thought without a word in it. */
export function withoutThought(text: string, { close }: ThinkingMarkup): string {
  return `${text.trimEnd()}\n${close}`;
}
