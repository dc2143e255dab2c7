import type { CompleteRequest, CountTokensRequest } from "@parley/wire";
import { fail } from "../../platform/fail.ts";

const HUMAN = "\n\nHuman:";
const ASSISTANT = "\n\nAssistant:";

/** The legacy prompt (`\n\nHuman: …\n\nAssistant:`) as a body of the Messages API; its last assistant text is a prefill. */
export function toMessagesBody(request: CompleteRequest): CountTokensRequest {
  const { system, messages } = splitPrompt(request.prompt);
  const { temperature, top_k: topK, top_p: topP } = request;
  return {
    model: request.model,
    max_tokens: request.max_tokens_to_sample,
    messages,
    ...(system === "" ? {} : { system }),
    // The models of that time were stopped by the next human turn.
    stop_sequences: [...new Set([...(request.stop_sequences ?? []), HUMAN])],
    ...(temperature === undefined ? {} : { temperature }),
    ...(topK === undefined ? {} : { top_k: topK }),
    ...(topP === undefined ? {} : { top_p: topP }),
  };
}

function splitPrompt(prompt: string): { system: string; messages: CountTokensRequest["messages"] } {
  const text = prompt.startsWith("Human:") ? `\n\n${prompt}` : prompt;
  const [system = "", ...parts] = text.split(/(?=\n\n(?:Human|Assistant):)/);
  const all = system.startsWith(HUMAN) || system.startsWith(ASSISTANT) ? [system, ...parts] : parts;
  const messages = all.map((part) => {
    const isHuman = part.startsWith(HUMAN);
    return {
      role: isHuman ? ("user" as const) : ("assistant" as const),
      content: part.slice((isHuman ? HUMAN : ASSISTANT).length).trim(),
    };
  });
  if (messages[0]?.role !== "user") {
    throw fail("invalid_request_error", {
      public: 'prompt: prompt must start with "\\n\\nHuman:" turn after an optional system prompt',
    });
  }
  if (messages.at(-1)?.role !== "assistant") {
    throw fail("invalid_request_error", { public: 'prompt: prompt must end with "\\n\\nAssistant:" turn' });
  }
  if (messages.at(-1)?.content === "") messages.pop();
  if (messages.some((message) => message.content === "")) {
    throw fail("invalid_request_error", { public: "prompt: turns must not be empty" });
  }
  return { system: all === parts ? system.trim() : "", messages };
}
