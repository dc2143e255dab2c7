import type { Case, ToolDefinition } from "./cases.ts";
import type { MadeCall } from "./score.ts";

export type Engine = "parley" | "llama-server" | "vllm";
export type Choice = "auto" | "any";

export interface Asked {
  readonly calls: readonly MadeCall[];
  /** Whether the reply ended by itself; a reply cut at the token limit is not held to the schema. */
  readonly finished: boolean;
  /** Null unless the server refused or failed. */
  readonly error: string | null;
  readonly elapsedMs: number;
}

export interface Target {
  readonly engine: Engine;
  readonly url: string;
  readonly key: string | null;
  readonly model: string;
  readonly temperature: number;
  readonly maxTokens: number;
}

/** One turn: Parley and llama-server over `/v1/messages`, vLLM over its own `/v1/chat/completions`. */
export async function ask(target: Target, one: Case, choice: Choice): Promise<Asked> {
  const startedMs = performance.now();
  const chat = target.engine === "vllm";
  try {
    const reply = await fetch(new URL(chat ? "/v1/chat/completions" : "/v1/messages", target.url), {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "anthropic-version": "2023-06-01",
        ...(target.key === null ? {} : { "x-api-key": target.key, authorization: `Bearer ${target.key}` }),
      },
      body: JSON.stringify(chat ? toChatBody(target, one, choice) : toMessagesBody(target, one, choice)),
    });
    const text = await reply.text();
    const elapsedMs = Math.round(performance.now() - startedMs);
    if (!reply.ok) return { calls: [], finished: false, error: `${reply.status} ${text.slice(0, 200)}`, elapsedMs };
    return { ...(chat ? readChat(text) : readMessages(text)), error: null, elapsedMs };
  } catch (cause) {
    return { calls: [], finished: false, error: String(cause), elapsedMs: Math.round(performance.now() - startedMs) };
  }
}

function toMessagesBody(target: Target, one: Case, choice: Choice): object {
  const system = one.messages
    .filter((message) => message.role === "system")
    .map((message) => message.content)
    .join("\n");
  return {
    model: target.model,
    max_tokens: target.maxTokens,
    temperature: target.temperature,
    ...(system === "" ? {} : { system }),
    messages: one.messages.filter((message) => message.role !== "system"),
    tools: one.tools.map((tool) => ({ name: tool.name, description: tool.description, input_schema: tool.schema })),
    tool_choice: { type: choice },
  };
}

function toChatBody(target: Target, one: Case, choice: Choice): object {
  const tool = (definition: ToolDefinition): object => ({
    type: "function",
    function: { name: definition.name, description: definition.description, parameters: definition.schema },
  });
  return {
    model: target.model,
    max_tokens: target.maxTokens,
    temperature: target.temperature,
    messages: one.messages,
    tools: one.tools.map(tool),
    tool_choice: choice === "any" ? "required" : "auto",
  };
}

type Read = Pick<Asked, "calls" | "finished">;

function readMessages(text: string): Read {
  const reply = JSON.parse(text) as {
    readonly content?: readonly { readonly type: string; readonly name?: string; readonly input?: unknown }[];
    readonly stop_reason?: string;
  };
  const calls = (reply.content ?? [])
    .filter((block) => block.type === "tool_use")
    .map((block) => ({ name: block.name ?? "", input: asRecord(block.input) }));
  return { calls, finished: reply.stop_reason !== "max_tokens" };
}

function readChat(text: string): Read {
  const reply = JSON.parse(text) as {
    readonly choices?: readonly {
      readonly finish_reason?: string;
      readonly message?: {
        readonly tool_calls?: readonly { readonly function: { readonly name: string; readonly arguments: string } }[] | null;
      };
    }[];
  };
  const first = reply.choices?.[0];
  const calls = (first?.message?.tool_calls ?? []).map((call) => ({
    name: call.function.name,
    input: parseArguments(call.function.arguments),
  }));
  return { calls, finished: first?.finish_reason !== "length" };
}

function parseArguments(json: string): Readonly<Record<string, unknown>> {
  try {
    return asRecord(JSON.parse(json));
  } catch {
    // Not JSON: it then lacks every argument, which is how the scorer and the schema check should see it.
    return {};
  }
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};
