import type { GenerationMode } from "./chat-template.ts";
import { shapeOf } from "./fold-messages.ts";
import { toJsonText } from "./json-text.ts";
import type { Printed } from "./placeholders.ts";
import type { PromptRuns } from "./prompt-runs.ts";
import { type AssistantShape, PLAIN_ANSWER, type StepShape, USER } from "./step-shape.ts";
import type { Step, ToolsStep } from "./steps.ts";
import { shortCallId } from "./short-call-id.ts";
import type { TemplateProfile } from "./template-profile.ts";
import { opensThought, type ThinkingMarkup, withoutThought } from "./thinking-markup.ts";

export interface StepInPlace {
  readonly previous: Step;
  readonly step: Step;
  readonly isLast: boolean;
  readonly mode: GenerationMode;
}

interface StepContext {
  readonly profile: TemplateProfile;
  readonly thinking: ThinkingMarkup | null;
  readonly endSpellings: readonly string[];
}

/** Writes one step with the template's text before it. */
export function writeStep(runs: PromptRuns, place: StepInPlace, context: StepContext): void {
  const { previous, step, mode } = place;
  if (step.kind === "assistant" && step.replay !== null) {
    // Exactly what stood before it when the model wrote it; where it has come back without its thought, no thought.
    writeGeneration(runs, previous, mode, context, step.thinks);
    runs.tokens(step.replay, step.parts);
    return;
  }
  const seam = seamOf(shapeOf(previous), shapeOf(step), context.profile);
  const group = groupOf(place, seam, context.profile);
  for (const part of afterReplay(previous, seam, context)) {
    if (typeof part === "string") runs.template(part);
    else if (part.slot.startsWith(PREVIOUS)) writePreviousSlot(runs, part.slot.slice(PREVIOUS.length), previous);
    else writeSlot(runs, part.slot, place, group, context.profile);
  }
}

/**
 * The template's text after a step, up to where the model goes on; returns whether that is within a thought. Some
 * templates open one whatever they are told: where none is wanted it is closed, as others do by themselves.
 */
export function writeGeneration(
  runs: PromptRuns,
  previous: Step,
  mode: GenerationMode,
  { profile: { seams }, thinking }: StepContext,
  thinks = mode.thinking,
): boolean {
  const generation = seams.generation(shapeOf(previous), mode) ?? seams.generation(USER, mode) ?? [];
  const end = generation.at(-1);
  const isOpen = thinking !== null && typeof end === "string" && opensThought(end, thinking);
  for (const [index, part] of generation.entries()) {
    if (typeof part !== "string") writePreviousSlot(runs, part.slot.slice(PREVIOUS.length), previous);
    else runs.template(isOpen && !thinks && index === generation.length - 1 ? withoutThought(part, thinking) : part);
  }
  return isOpen && thinks;
}

const PREVIOUS = "previous:";

/** A name or an id of the step before; it adds nothing to a block that has ended already. */
function writePreviousSlot(runs: PromptRuns, slot: string, previous: Step): void {
  const [kind = "", index = "0"] = slot.split(":");
  if (previous.kind === "user") return;
  const call = previous.calls[Number(index)];
  const result = previous.kind === "tools" ? previous.results[Number(index)] : undefined;
  if (kind === "name") runs.content(call?.name ?? "", []);
  if (kind === "id") runs.content(shortCallId(call?.id ?? ""), []);
  if (kind === "result-name") runs.content(result?.name ?? "", []);
  if (kind === "result-id") runs.content(shortCallId(result?.id ?? ""), []);
}

/** A replayed answer has closed its calls itself; only the end of the turn is missing. */
function afterReplay(previous: Step, seam: Printed, { endSpellings }: StepContext): Printed {
  const [first, ...rest] = seam;
  if (previous.kind !== "assistant" || previous.replay === null || typeof first !== "string") return seam;
  return [fromEnd(first, endSpellings), ...rest];
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

function writeSlot(
  runs: PromptRuns,
  slot: string,
  { step, isLast }: StepInPlace,
  group: readonly number[] | null,
  profile: TemplateProfile,
): void {
  const [kind = "", first = "0", second = "0"] = slot.split(":");
  const index = Number(first);
  if (step.kind === "user") return runs.pieces(step.pieces, profile.strip.user, group);
  if (step.kind === "tools") return writeResultSlot(runs, kind, step.results[index], group, profile);
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
  result: ToolsStep["results"][number] | undefined,
  group: readonly number[] | null,
  profile: TemplateProfile,
): void {
  if (result === undefined) return;
  if (kind === "result") return runs.pieces(result.pieces, profile.strip.tool, group);
  const parts = group ?? result.pieces.slice(-1).map(({ part }) => part);
  if (kind === "result-name") runs.content(result.name, parts);
  if (kind === "result-id") runs.content(shortCallId(result.id), parts);
}

/** Telling the calls of a step apart costs a render for each, of all before it: with more, only the end of all is a place to cut. */
const MAX_TOLD_APART = 16;

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
    if (shape.calls.length > MAX_TOLD_APART) return step.parts;
    const shorter = shape.calls
      .map((_, calls): AssistantShape => ({ ...shape, calls: shape.calls.slice(0, calls) }))
      .filter(({ text, calls }) => text || calls.length > 0);
    return !step.grouped && !shape.reasoning && extendsAll(shorter.map((part) => ({ kind: "assistant", shape: part })))
      ? null
      : step.parts;
  }
  const together = (): readonly number[] => step.results.flatMap(({ pieces }) => pieces.map(({ part }) => part));
  if (step.results.length > MAX_TOLD_APART) return together();
  const shorter = Array.from({ length: step.results.length - 1 }, (_, results): StepShape => ({
    kind: "tools",
    shape: step.shape,
    results: results + 1,
  }));
  return extendsAll(shorter) ? null : together();
}
