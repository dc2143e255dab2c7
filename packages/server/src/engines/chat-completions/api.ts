import { z } from "zod";

/** What `/v1/chat/completions` takes and answers, as far as it is used here: OpenAI's, with what vLLM, llama-server and Ollama add. */

export type ChatPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image_url"; readonly image_url: { readonly url: string } };

export interface ChatToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

export type ChatMessage =
  | { readonly role: "system"; readonly content: string }
  | { readonly role: "user"; readonly content: string | readonly ChatPart[] }
  | { readonly role: "assistant"; readonly content: string | null; readonly tool_calls?: readonly ChatToolCall[] }
  | { readonly role: "tool"; readonly tool_call_id: string; readonly content: string };

export interface ChatTool {
  readonly type: "function";
  readonly function: {
    readonly name: string;
    readonly description?: string;
    readonly parameters: Readonly<Record<string, unknown>>;
    readonly strict?: true;
  };
}

export interface ChatBody {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly max_tokens: number;
  readonly stream: true;
  readonly stream_options: { readonly include_usage: true };
  readonly tools?: readonly ChatTool[];
  readonly tool_choice?:
    | "auto"
    | "required"
    | "none"
    | { readonly type: "function"; readonly function: { readonly name: string } };
  readonly parallel_tool_calls?: boolean;
  readonly stop?: readonly string[];
  readonly temperature?: number;
  readonly top_p?: number;
  readonly top_k?: number;
  readonly response_format?: {
    readonly type: "json_schema";
    readonly json_schema: { readonly name: string; readonly strict: true; readonly schema: Readonly<Record<string, unknown>> };
  };
  readonly chat_template_kwargs?: { readonly enable_thinking: boolean };
  readonly reasoning_effort?: "none" | "low" | "medium" | "high";
}

const text = z.string().nullish().catch(null);
const count = z.int().min(0).max(100_000_000).nullish().catch(null);

export const ChatUsage = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count }).nullish().catch(null),
  completion_tokens_details: z.object({ reasoning_tokens: count }).nullish().catch(null),
});

const ToolCallDelta = z.object({
  index: z.int().nullish().catch(null),
  function: z
    .object({
      name: text,
      /** Text, but some servers send the object itself. */
      arguments: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
    })
    .nullish(),
});

export const ChatChunk = z.object({
  choices: z
    .array(
      z.object({
        delta: z
          .object({
            content: text,
            /** Thinking: DeepSeek's, vLLM's and llama-server's word for it, and Ollama's. */
            reasoning_content: text,
            reasoning: text,
            tool_calls: z.array(ToolCallDelta).nullish(),
          })
          .nullish(),
        finish_reason: text,
        /** vLLM: the stop string that matched, or a token's id. */
        stop_reason: z.unknown().optional(),
        /** SGLang's word for it. */
        matched_stop: z.unknown().optional(),
      }),
    )
    .nullish(),
  usage: ChatUsage.nullish().catch(null),
  error: z.unknown().optional(),
});
export type ChatChunk = z.infer<typeof ChatChunk>;

/** `{"error": {"message"}}`, or Ollama's `{"error": "text"}`, or FastAPI's `{"detail"}`. */
export const ChatError = z.object({
  error: z
    .union([
      z.object({
        message: text,
        type: text,
        code: z.union([z.string(), z.number()]).nullish(),
        /** llama-server, of a prompt that is too long. */
        n_prompt_tokens: count,
        n_ctx: count,
      }),
      z.string(),
    ])
    .nullish(),
  message: text,
  detail: z.unknown().optional(),
});
