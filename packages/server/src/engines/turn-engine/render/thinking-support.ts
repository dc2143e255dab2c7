/** `native`: the model was trained to think and its template knows it. `emulated`: Parley opens and closes the thinking. */
export type ThinkingSupport = "native" | "emulated";

const NATIVE_SPELLINGS = ["<think>", "</think>", "enable_thinking", "reasoning_content", "<|channel|>analysis"];

/** A template that mentions thinking belongs to a model that was trained on it. */
export function thinkingSupport(template: string | null): ThinkingSupport {
  return template !== null && NATIVE_SPELLINGS.some((spelling) => template.includes(spelling)) ? "native" : "emulated";
}
