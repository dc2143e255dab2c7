import type { ChatMessage } from "./chat-template.ts";
import type { Slots } from "./placeholders.ts";
import type { AssistantShape, StepShape } from "./step-shape.ts";
import { PLAIN_ANSWER } from "./step-shape.ts";

/** How a template wants its messages; found out by `probeTemplate`. */
export interface MessageForm {
  /** Content as a string, or as a list of parts. */
  readonly content: "string" | "parts";
  /** Arguments of a call: one placeholder string, or an object whose keys and values are placeholders. */
  readonly arguments: "string" | "object";
}

export function contentOf(form: MessageForm, text: string): ChatMessage["content"] {
  return form.content === "string" ? text : [{ type: "text", text }];
}

/** The slots that a step fills, in the order in which a template must print them. */
export function slotsOf(step: StepShape, form: MessageForm): readonly string[] {
  switch (step.kind) {
    case "user":
      return ["user"];
    case "assistant":
      return [
        ...(step.shape.reasoning ? ["reasoning"] : []),
        ...(step.shape.text ? ["text"] : []),
        ...step.shape.calls.flatMap((keys, call) => [
          `name:${call}`,
          ...(form.arguments === "string"
            ? [`args:${call}`]
            : Array.from({ length: keys }, (_, key) => [`key:${call}:${key}`, `value:${call}:${key}`]).flat()),
        ]),
      ];
    case "tools":
      return Array.from({ length: step.results }, (_, result) => `result:${result}`);
    default:
      throw new TypeError(`no such step: ${JSON.stringify(step satisfies never)}`);
  }
}

/** The messages of one step, every text a placeholder named `prefix` + slot. */
export function stepMessages(
  step: StepShape,
  prefix: string,
  slots: Slots,
  form: MessageForm,
  emptyContent: "" | null,
): ChatMessage[] {
  const hold = (name: string): string => slots.hold(prefix + name);
  switch (step.kind) {
    case "user":
      return [{ role: "user", content: contentOf(form, hold("user")) }];
    case "assistant":
      return [assistantMessage(step.shape, hold, form, emptyContent)];
    case "tools":
      return Array.from({ length: step.results }, (_, result) => ({
        role: "tool",
        content: contentOf(form, hold(`result:${result}`)),
        tool_call_id: hold(`result-id:${result}`),
        name: hold(`result-name:${result}`),
      }));
    default:
      throw new TypeError(`no such step: ${JSON.stringify(step satisfies never)}`);
  }
}

function assistantMessage(
  shape: AssistantShape,
  hold: (name: string) => string,
  form: MessageForm,
  emptyContent: "" | null,
): ChatMessage {
  const argumentsOf = (call: number, keys: number): unknown =>
    form.arguments === "string"
      ? hold(`args:${call}`)
      : Object.fromEntries(Array.from({ length: keys }, (_, key) => [hold(`key:${call}:${key}`), hold(`value:${call}:${key}`)]));
  return {
    role: "assistant",
    content: shape.text ? contentOf(form, hold("text")) : emptyContent,
    ...(shape.reasoning && { reasoning_content: hold("reasoning"), thinking: hold("reasoning") }),
    ...(shape.calls.length > 0 && {
      tool_calls: shape.calls.map((keys, call) => ({
        id: hold(`id:${call}`),
        type: "function" as const,
        function: { name: hold(`name:${call}`), arguments: argumentsOf(call, keys) },
      })),
    }),
  };
}

/** What must stand before a step so that a template accepts it. */
export function lead(step: StepShape): StepShape[] {
  if (step.kind === "user") return [];
  if (step.kind === "assistant") return [{ kind: "user" }];
  return [{ kind: "user" }, { kind: "assistant", shape: step.shape }];
}

/** What follows a step, so that it is printed as a step of the past. Always the same for one shape. */
export function sequel(step: StepShape): StepShape[] {
  const answer: StepShape = { kind: "assistant", shape: PLAIN_ANSWER };
  if (step.kind !== "assistant") return [answer];
  if (step.shape.calls.length > 0) return [{ kind: "tools", shape: step.shape, results: step.shape.calls.length }, answer];
  // Templates drop the thinking of an answer that a further question follows; what the turn holds is to be printed.
  return step.shape.reasoning ? [] : [{ kind: "user" }];
}
