/**
 * How a model was trained to write tool calls. The renderer and the tool syntax must agree on it, so both ask here.
 * `json`: no syntax of its own is known; calls are plain `{"name": …, "arguments": …}` objects.
 */
export type Family = "hermes" | "llama3" | "mistral" | "deepseek" | "gemma" | "harmony" | "json";

/**
 * Reads the family off the spellings in the chat template (the training format), and off the architecture where the
 * template says nothing. A fine-tune often changes the template but never the architecture, so the template comes first.
 */
export function detectFamily(template: string | null, architecture: string): Family {
  if (template !== null) {
    const says = (...spellings: readonly string[]): boolean => spellings.some((spelling) => template.includes(spelling));
    if (says("<|channel|>")) return "harmony";
    // DeepSeek's spellings use a full-width bar and a low block, not `|` and `_`.
    if (says("<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>", "<｜Assistant｜>")) return "deepseek";
    if (says("[TOOL_CALLS]", "[AVAILABLE_TOOLS]")) return "mistral";
    // Before Llama: fine-tunes such as Hermes keep Llama's architecture, and some its headers.
    if (says("<tool_call>")) return "hermes";
    if (says("<|python_tag|>", "Environment: ipython")) return "llama3";
    if (says("<start_of_turn>", "<start_function_call>")) return "gemma";
    return "json";
  }
  if (architecture.startsWith("gpt-oss")) return "harmony";
  if (architecture.startsWith("deepseek")) return "deepseek";
  if (architecture.startsWith("gemma")) return "gemma";
  if (architecture.startsWith("mistral")) return "mistral";
  if (architecture.startsWith("qwen")) return "hermes";
  return "json";
}
