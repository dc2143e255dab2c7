/** What the template's text around a step may depend on: never the content itself. */
export interface AssistantShape {
  readonly reasoning: boolean;
  readonly text: boolean;
  /** One entry a call: the number of top-level arguments where the template prints them one by one, else 0. */
  readonly calls: readonly number[];
}

export type StepShape =
  | { readonly kind: "user" }
  | { readonly kind: "assistant"; readonly shape: AssistantShape }
  /** The results of the first `results` calls of the assistant step before. */
  | { readonly kind: "tools"; readonly shape: AssistantShape; readonly results: number };

export const USER: StepShape = { kind: "user" };
export const PLAIN_ANSWER: AssistantShape = { reasoning: false, text: true, calls: [] };

export function shapeKey(step: StepShape): string {
  switch (step.kind) {
    case "user":
      return "u";
    case "assistant":
      return `a${step.shape.reasoning ? "r" : ""}${step.shape.text ? "t" : ""}${step.shape.calls.join(",")}`;
    case "tools":
      return `${shapeKey({ kind: "assistant", shape: step.shape })}>${step.results}`;
    default:
      throw new TypeError(`no such step: ${JSON.stringify(step satisfies never)}`);
  }
}
