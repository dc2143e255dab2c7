import type { GenerationMode } from "./chat-template.ts";
import { shapeOf } from "./fold-messages.ts";
import { toJsonText } from "./json-text.ts";
import type { Printed } from "./placeholders.ts";
import type { PromptRuns } from "./prompt-runs.ts";
import { type AssistantShape, PLAIN_ANSWER, type StepShape, USER } from "./step-shape.ts";
import type { Step, ToolsStep } from "./steps.ts";
import { shortCallId } from "./short-call-id.ts";
import type { TemplateProfile } from "./template-profile.ts";

export interface StepInPlace {
  readonly previous: Step;
  readonly step: Step;
  readonly isLast: boolean;
  readonly mode: GenerationMode;
}

interface StepContext {
  readonly profile: TemplateProfile;
  readonly endSpellings: readonly string[];
}

/** Writes one step with the template's text before it. */
export function writeStep(runs: PromptRuns, place: StepInPlace, context: StepContext): void {
  const { previous, step, mode } = place;
  const wasReplayed = previous.kind === "assistant" && previous.replay !== null;
  if (step.kind === "assistant" && step.replay !== null) {
    const { seams } = context.profile;
    // Exactly what stood before it when the model wrote it.
    runs.template(seams.generation(shapeOf(previous), mode) ?? seams.generation(USER, mode) ?? "");
    runs.tokens(step.replay, step.parts);
    return;
  }
  const seam = seamOf(shapeOf(previous), shapeOf(step), context.profile);
  const group = groupOf(place, seam, context.profile);
  seam.forEach((part, index) => {
    // A replayed answer has closed its calls itself; only the end of the turn is missing.
    if (typeof part === "string") runs.template(index === 0 && wasReplayed ? fromEnd(part, context.endSpellings) : part);
    else writeSlot(runs, part.slot, place, group, context.profile);
  });
}

function seamOf(previous: StepShape, step: StepShape, { seams }: TemplateProfile): Printed {
  const plainPrevious: StepShape = previous.kind === "user" ? USER : { kind: "assistant", shape: PLAIN_ANSWER };
  // What cannot be printed was folded before; left are odd orders (a call that was never answered).
  return seams.between(previous, step) ?? seams.between(plainPrevious, step) ?? seams.between(USER, step) ?? [];
}

function fromEnd(text: string, endSpellings: readonly string[]): string {
  const starts = endSpellings.map((spelling) => text.indexOf(spelling)).filter((index) => index >= 0);
  return starts.length === 0 ? text : text.slice(Math.min(...starts));
}

function writeSlot(runs: PromptRuns, slot: string, { step, isLast }: StepInPlace, group: readonly number[] | null, profile: TemplateProfile): void {
  const [kind = "", first = "0", second = "0"] = slot.replace(/^previous:/, "").split(":");
  const index = Number(first);
  if (step.kind === "user") return runs.pieces(step.pieces, profile.strip.user, group);
  if (step.kind === "tools") return writeResultSlot(runs, kind, index, step, group, profile);
  if (kind === "reasoning") return runs.pieces(step.reasoning, profile.strip.assistant, group);
  if (kind === "text") {
    return runs.pieces(step.text, profile.strip.assistant, group, { keepEnd: isLast && step.calls.length === 0 });
  }
  const call = step.calls[index];
  if (call === undefined) return;
  const [key, value] = Object.entries(call.input)[Number(second)] ?? ["", ""];
  const text = {
    name: call.name,
    id: shortCallId(call.id),
    args: toJsonText(call.input, profile.argumentStyle),
    key,
    value: typeof value === "string" ? value : toJsonText(value, profile.argumentStyle),
  }[kind];
  runs.content(text ?? "", group ?? [call.part]);
}

function writeResultSlot(
  runs: PromptRuns,
  kind: string,
  index: number,
  { results, calls }: ToolsStep,
  group: readonly number[] | null,
  profile: TemplateProfile,
): void {
  const result = results[index];
  const part = result?.pieces.at(-1)?.part;
  const parts = group ?? (part === undefined ? [] : [part]);
  if (kind === "result") return runs.pieces(result?.pieces ?? [], profile.strip.tool, group);
  // `name` and `id` are those of the call, which some templates repeat.
  if (kind === "result-name" || kind === "name") runs.content(result?.name ?? calls[index]?.name ?? "", parts);
  if (kind === "result-id" || kind === "id") runs.content(shortCallId(result?.id ?? calls[index]?.id ?? ""), parts);
}

/**
 * The ranks of a step whose blocks cannot be told apart, or null. A template may print other text before a block when
 * another follows in the same message; the end of such a block is no place to cut, only the end of all of them is.
 */
function groupOf({ previous, step }: StepInPlace, seam: Printed, profile: TemplateProfile): readonly number[] | null {
  const before = shapeOf(previous);
  const extendsAll = (shorter: readonly StepShape[]): boolean =>
    shorter.every((shape) => {
      const start = profile.seams.between(before, shape);
      return start !== null && JSON.stringify(seam.slice(0, start.length)) === JSON.stringify(start);
    });
  if (step.kind === "user") return null;
  if (step.kind === "assistant") {
    const { shape } = step;
    const shorter = shape.calls
      .map((_, calls): AssistantShape => ({ ...shape, calls: shape.calls.slice(0, calls) }))
      .filter(({ text, calls }) => text || calls.length > 0);
    return !step.grouped && !shape.reasoning && extendsAll(shorter.map((part) => ({ kind: "assistant", shape: part }))) ? null : step.parts;
  }
  const shorter = Array.from({ length: step.results.length - 1 }, (_, results): StepShape => ({ kind: "tools", shape: step.shape, results: results + 1 }));
  return extendsAll(shorter) ? null : step.results.flatMap(({ pieces }) => pieces.map(({ part }) => part));
}
