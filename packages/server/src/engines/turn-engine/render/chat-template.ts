import { Template } from "@huggingface/jinja";
import type { Effort } from "../../../turn/turn.ts";

/** A message in the shape that chat templates read. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string | null | readonly { readonly type: "text"; readonly text: string }[];
  readonly reasoning_content?: string;
  /** Harmony's name for `reasoning_content`. */
  readonly thinking?: string;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly type: "function";
    readonly function: { readonly name: string; readonly arguments: unknown };
  }[];
  readonly tool_call_id?: string;
  readonly name?: string;
}

export interface TemplateInput {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly unknown[] | null;
  readonly generate: GenerationMode | null;
}

/** What the generation prompt may depend on. */
export interface GenerationMode {
  readonly thinking: boolean;
  readonly effort: Effort | null;
}

export interface ChatTemplate {
  readonly source: string;
  /** The printed text, or null where the template refuses such a conversation (or the interpreter cannot run it). */
  print(input: TemplateInput): string | null;
}

/** Plain ChatML, for weights that carry no template (or one that cannot be read) but know its tokens. */
const CHATML = `{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}`;
/** For weights that know no turns at all. */
const PLAIN = `{% for message in messages %}{{ message.role | capitalize + ': ' + message.content + '\\n\\n' }}{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}`;

const EFFORT_LEVEL = { low: "low", medium: "medium", high: "high", xhigh: "high", max: "high" } as const satisfies Record<
  Effort,
  string
>;

/**
 * Some templates print today's date at the very front, and would so change every prefix at midnight. They get this one
 * day (the default of Llama 3's own template) for ever: docs/decisions/2026-11-21-cache-prefix-order.md.
 */
const FIXED_DATE: Readonly<Record<string, string>> = {
  "%Y": "2024",
  "%y": "24",
  "%m": "07",
  "%d": "26",
  "%b": "Jul",
  "%B": "July",
  "%A": "Friday",
  "%a": "Fri",
  "%H": "00",
  "%I": "12",
  "%M": "00",
  "%S": "00",
  "%p": "AM",
  "%j": "208",
  "%%": "%",
};
const fixedDate = (format: string): string => format.replace(/%[A-Za-z%]/g, (code) => FIXED_DATE[code] ?? code);

export interface ChatTemplateFacts {
  readonly chatTemplate: string | null;
  readonly bosToken: string | null;
  readonly eosToken: string | null;
  readonly specialTokens: ReadonlyMap<string, number>;
}

export function compileChatTemplate(facts: ChatTemplateFacts): ChatTemplate {
  const own = facts.chatTemplate === null ? null : tryCompile(facts.chatTemplate);
  const fallback = facts.specialTokens.has("<|im_start|>") ? CHATML : PLAIN;
  const source = own === null || facts.chatTemplate === null ? fallback : facts.chatTemplate;
  const template = own ?? new Template(fallback);
  return {
    source,
    print({ messages, tools, generate }) {
      try {
        return template.render({
          messages,
          tools,
          add_generation_prompt: generate !== null,
          bos_token: facts.bosToken ?? "",
          eos_token: facts.eosToken ?? "",
          fixed_date: fixedDate,
          // Llama 3 would else print the tools into the first user turn, after the system text.
          tools_in_user_message: false,
          ...(generate !== null && {
            enable_thinking: generate.thinking,
            thinking: generate.thinking,
            ...(generate.effort !== null && { reasoning_effort: EFFORT_LEVEL[generate.effort] }),
          }),
        });
      } catch {
        // Templates refuse by raising; what they refuse is folded into something that they know.
        return null;
      }
    },
  };
}

function tryCompile(source: string): Template | null {
  try {
    // The interpreter's own `strftime_now` cannot be overridden by the context.
    return new Template(source.replaceAll("strftime_now", "fixed_date"));
  } catch {
    return null;
  }
}
