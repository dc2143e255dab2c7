import { fail } from "../../platform/fail.ts";
import { documentText } from "../../turn/document-text.ts";
import { imageText } from "../../turn/image-text.ts";
import { offeredTools } from "../../turn/offered-tools.ts";
import type { ImageBlock, ToolResultBlock, ToolSpec, Turn, TurnMessage } from "../../turn/turn.ts";
import type { ChatBody, ChatMessage, ChatPart, ChatTool } from "./api.ts";

export type ThinkingSwitch = "none" | "template" | "effort";

/** Thinking that is asked for by a budget is asked for by effort, as far as these servers know it. */
const EFFORTS = { low: "low", medium: "medium", high: "high", xhigh: "high", max: "high" } as const;
const BUDGET_LOW_TOKENS = 4_096;
const BUDGET_HIGH_TOKENS = 16_384;

/**
 * A turn as a chat completion. What has no place there was refused by the model's capabilities; marks of the prompt cache are left
 * out (the server caches by itself, and says what it read), and so is past thinking, which these servers' templates leave out, too.
 */
export function toChatBody(turn: Turn, options: { readonly model: string; readonly thinking: ThinkingSwitch }): ChatBody {
  if (turn.maxTokens === 0) {
    throw fail("invalid_request_error", { public: "max_tokens: 0 is not supported by this model: it has no cache to fill" });
  }
  const tools = offeredTools(turn);
  const { temperature, topP, topK } = turn.sampling;
  const system = turn.system.map(({ text }) => text).join("\n\n");
  return {
    model: options.model,
    messages: [...(system === "" ? [] : [{ role: "system" as const, content: system }]), ...turn.messages.flatMap(toMessages)],
    max_tokens: turn.maxTokens,
    stream: true,
    stream_options: { include_usage: true },
    ...(tools.length === 0 ? {} : { tools: tools.map(toTool), ...toToolChoice(turn) }),
    ...(turn.stopSequences.length === 0 ? {} : { stop: turn.stopSequences }),
    ...(temperature === null ? {} : { temperature }),
    ...(topP === null ? {} : { top_p: topP }),
    ...(topK === null ? {} : { top_k: topK }),
    ...(turn.outputSchema === null
      ? {}
      : { response_format: { type: "json_schema", json_schema: { name: "reply", strict: true, schema: turn.outputSchema } } }),
    ...toThinking(turn, options.thinking),
  };
}

function toMessages(message: TurnMessage): ChatMessage[] {
  switch (message.role) {
    case "system": {
      const text = message.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n\n");
      return text === "" ? [] : [{ role: "system", content: text }];
    }
    case "assistant": {
      const text = message.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("");
      const calls = message.content.flatMap((block) => (block.type === "tool_use" ? [block] : []));
      if (text === "" && calls.length === 0) return [];
      return [
        {
          role: "assistant",
          content: text === "" ? null : text,
          ...(calls.length === 0
            ? {}
            : {
                tool_calls: calls.map(({ id, name, input }) => ({
                  id,
                  type: "function" as const,
                  function: { name, arguments: JSON.stringify(input) },
                })),
              }),
        },
      ];
    }
    case "user": {
      const messages: ChatMessage[] = [];
      const parts: ChatPart[] = [];
      for (const block of message.content) {
        if (block.type === "tool_result") {
          messages.push({ role: "tool", tool_call_id: block.toolUseId, content: toolResultText(block) });
          // These servers show pictures in a user's message only.
          parts.push(...block.content.flatMap((inner) => (inner.type === "image" && inner.picture ? [toImagePart(inner)] : [])));
        } else if (block.type === "image") parts.push(toImagePart(block));
        else parts.push({ type: "text", text: block.type === "text" ? block.text : documentText(block) });
      }
      if (parts.length > 0) messages.push({ role: "user", content: toContent(parts) });
      return messages;
    }
    default:
      message satisfies never;
      return [];
  }
}

/** One text where there are only texts: not every server takes parts. */
function toContent(parts: readonly ChatPart[]): string | readonly ChatPart[] {
  return parts.every((part) => part.type === "text") ? parts.map((part) => part.text).join("\n\n") : parts;
}

function toImagePart({ picture, ocrText }: ImageBlock): ChatPart {
  if (picture === undefined) return { type: "text", text: imageText(ocrText) };
  return { type: "image_url", image_url: { url: `data:${picture.mediaType};base64,${picture.base64}` } };
}

function toolResultText(block: ToolResultBlock): string {
  const text = block.content
    .flatMap((inner): string[] => {
      switch (inner.type) {
        case "text":
          return [inner.text];
        case "document":
          return [documentText(inner)];
        case "image":
          return [inner.picture ? "(The picture follows.)" : imageText(inner.ocrText)];
        case "tool_definition":
          // It is among `tools` already.
          return [`The tool ${inner.tool.name} is loaded.`];
        default:
          inner satisfies never;
          return [];
      }
    })
    .join("\n\n");
  return block.isError ? `Error: ${text}` : text;
}

function toTool({ name, description, inputSchema, strict, inputExamples }: ToolSpec): ChatTool {
  const examples =
    inputExamples.length === 0 ? [] : [`Examples: ${inputExamples.map((each) => JSON.stringify(each)).join("\n")}`];
  const words = [...(description === null ? [] : [description]), ...examples].join("\n\n");
  return {
    type: "function",
    function: {
      name,
      ...(words === "" ? {} : { description: words }),
      parameters: inputSchema,
      ...(strict ? { strict: true } : {}),
    },
  };
}

function toToolChoice({ toolChoice: choice }: Turn): Pick<ChatBody, "tool_choice" | "parallel_tool_calls"> {
  switch (choice.type) {
    case "none":
      return { tool_choice: "none" };
    case "auto":
      return { tool_choice: "auto", ...(choice.parallel ? {} : { parallel_tool_calls: false }) };
    case "any":
      return { tool_choice: "required", ...(choice.parallel ? {} : { parallel_tool_calls: false }) };
    case "tool":
      return {
        tool_choice: { type: "function", function: { name: choice.name } },
        ...(choice.parallel ? {} : { parallel_tool_calls: false }),
      };
    default:
      choice satisfies never;
      return {};
  }
}

function toThinking(
  { thinking, effort }: Turn,
  how: ThinkingSwitch,
): Pick<ChatBody, "chat_template_kwargs" | "reasoning_effort"> {
  const isOn = thinking.type !== "disabled";
  if (how === "none") return {};
  if (how === "template") return { chat_template_kwargs: { enable_thinking: isOn } };
  if (!isOn) return { reasoning_effort: "none" };
  if (effort !== null) return { reasoning_effort: EFFORTS[effort] };
  if (thinking.type !== "enabled") return {};
  if (thinking.budgetTokens <= BUDGET_LOW_TOKENS) return { reasoning_effort: "low" };
  return { reasoning_effort: thinking.budgetTokens < BUDGET_HIGH_TOKENS ? "medium" : "high" };
}
