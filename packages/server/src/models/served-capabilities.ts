import type { ModelCapabilities } from "@parley/wire";
import type { ModelRules } from "./claude-models.ts";

const yes = { supported: true };
const no = { supported: false };

/** How pictures are shown to the model: to those alone that see, or to the others as the text that stands in them. */
export type Vision = "native" | "ocr";

/** What Parley serves on text weights under a model's rules; every "yes" here is honoured, everything else is refused. */
export function servedCapabilities(rules: ModelRules, vision: Vision): ModelCapabilities {
  const { thinking } = rules;
  return {
    batch: yes,
    citations: yes,
    code_execution: no,
    context_management: {
      supported: true,
      clear_thinking_20251015: yes,
      clear_tool_uses_20250919: yes,
      compact_20260112: yes,
    },
    effort: { supported: true, low: yes, medium: yes, high: yes, xhigh: yes, max: yes },
    image_input: { supported: vision === "ocr" },
    pdf_input: yes,
    server_tools: { supported: true, code_execution: no, web_search: yes },
    structured_outputs: yes,
    thinking: {
      supported: thinking.enabled || thinking.adaptive,
      types: {
        enabled: { supported: thinking.enabled },
        adaptive: { supported: thinking.adaptive },
        disabled: { supported: thinking.disabled },
        between_tools: { supported: thinking.between_tools },
      },
    },
  };
}
