import type { ModelCapabilities } from "@parley/wire";
import type { ModelRules } from "./claude-models.ts";

const yes = { supported: true };
const no = { supported: false };

/** How pictures are shown to the model: to those alone that see, or to the others as the text that stands in them. */
export type Vision = "native" | "ocr";

/** What a pool of upstreams can do. */
export interface PoolTraits {
  /** Requests go to a server of the Messages protocol as they came: what it serves, it says itself. */
  readonly isPassedOn: boolean;
  /** A server without a token interface, which renders and parses itself. */
  readonly isChat: boolean;
  readonly seesImages: boolean;
  readonly hasStructuredOutputs: boolean;
  readonly thinks: boolean;
  /** One of its upstreams at least stands in the United States. */
  readonly runsInUs: boolean;
}

/** The rules of a model as they are where a pool answers for it. */
export function poolRules(rules: ModelRules, { isChat, thinks }: PoolTraits): ModelRules {
  if (!isChat) return rules;
  const thinking = { enabled: thinks, adaptive: thinks, disabled: true, between_tools: false };
  return { ...rules, prefill: false, sampling: "free", thinking };
}

/** What a pool of upstreams serves. */
export function poolCapabilities(rules: ModelRules, vision: Vision, runsCode: boolean, traits: PoolTraits): ModelCapabilities {
  const served = servedCapabilities(rules, vision, runsCode, traits.seesImages);
  if (traits.isPassedOn) {
    return {
      ...served,
      code_execution: yes,
      context_management: { ...served.context_management, compact_20260112: yes },
      image_input: yes,
      server_tools: { supported: true, code_execution: yes, web_search: yes },
    };
  }
  if (!traits.isChat) return served;
  const effort = { supported: traits.thinks };
  return {
    ...served,
    citations: no,
    effort: { ...effort, low: effort, medium: effort, high: effort, xhigh: effort, max: effort },
    structured_outputs: { supported: traits.hasStructuredOutputs },
  };
}

/** What Parley serves on weights of its own under a model's rules; every "yes" here is honoured, everything else is refused. */
export function servedCapabilities(rules: ModelRules, vision: Vision, runsCode: boolean, seesImages = false): ModelCapabilities {
  const { thinking } = rules;
  return {
    batch: yes,
    citations: yes,
    code_execution: { supported: runsCode },
    context_management: {
      supported: true,
      clear_thinking_20251015: yes,
      clear_tool_uses_20250919: yes,
      compact_20260112: yes,
    },
    effort: { supported: true, low: yes, medium: yes, high: yes, xhigh: yes, max: yes },
    image_input: { supported: seesImages || vision === "ocr" },
    pdf_input: yes,
    server_tools: { supported: true, code_execution: { supported: runsCode }, web_search: yes },
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
