import { createSizedCache } from "../../../platform/sized-cache.ts";
import type { ChatTemplate, GenerationMode } from "./chat-template.ts";
import { lead, type MessageForm, sequel, slotsOf, stepMessages } from "./mini-conversation.ts";
import { createSlots, indexOfSlot, type Printed } from "./placeholders.ts";
import { shapeKey, type StepShape } from "./step-shape.ts";

/**
 * The template's own text between the contents of a conversation. It is read off renders of the smallest conversation
 * that has the two steps next to each other, so it depends on the shape of these two steps alone: whatever comes later
 * cannot change it, which is what makes every block end a place where a cached prefix may end.
 */
export interface Seams {
  /**
   * From the last slot of `previous` to the last slot of `step`; null when the template cannot print the two so.
   * Slots of `step` have their own names; `previous:NAME` is a slot of the step before that the template prints after
   * that step's last (the id of a call after its result) or repeats.
   */
  between(previous: StepShape, step: StepShape): Printed | null;
  /** From the last slot of `previous` to where the model goes on. */
  generation(previous: StepShape, mode: GenerationMode): Printed | null;
}

/** What shapes print, in slots and texts between them: some thousand shapes of a few calls. */
const KEPT_PARTS = 100_000;

export function createSeams(template: ChatTemplate, form: MessageForm): Seams {
  const remember = () => createSizedCache<Printed | null>({ maxWeight: KEPT_PARTS, weigh: (printed) => printed?.length ?? 1 });
  const seams = remember();
  const generations = remember();

  function print(steps: readonly [prefix: string, step: StepShape][], generate: GenerationMode | null): Printed | null {
    for (const emptyContent of [null, ""] as const) {
      const slots = createSlots();
      const messages = steps.flatMap(([prefix, step]) => stepMessages(step, prefix, slots, form, emptyContent));
      const text = template.print({ messages, tools: null, generate });
      if (text === null) continue;
      // A template that does not know empty content prints the null itself.
      if (emptyContent === null && /\b(?:None|null)\b/.test(text)) continue;
      return unquoteArguments(slots.split(text));
    }
    return null;
  }

  /** The slot of `step` that is printed last, or null when one is missing or they are out of order. */
  function lastSlot(printed: Printed, prefix: string, step: StepShape): number | null {
    const places = new Map<string, number>();
    printed.forEach((part, index) => {
      if (typeof part !== "string" && !places.has(part.slot)) places.set(part.slot, index);
    });
    let last = -1;
    for (const name of slotsOf(step, form)) {
      const index = places.get(prefix + name) ?? -1;
      if (index <= last) return null;
      last = index;
    }
    return last < 0 ? null : last;
  }

  /** Only the last slot is looked for: a template may drop the thinking of a past step. */
  function endOf(printed: Printed, previous: StepShape): number {
    const last = slotsOf(previous, form).at(-1);
    return last === undefined ? -1 : indexOfSlot(printed, `previous:${last}`);
  }

  function read(previous: StepShape, step: StepShape): Printed | null {
    const steps: [string, StepShape][] = [
      ...lead(previous).map((other, index): [string, StepShape] => [`before${index}:`, other]),
      ["previous:", previous],
      ["", step],
      ...sequel(step).map((other, index): [string, StepShape] => [`after${index}:`, other]),
    ];
    const printed = print(steps, null);
    if (printed === null) return null;
    const from = endOf(printed, previous);
    const to = lastSlot(printed, "", step);
    if (from < 0 || to === null || to <= from) return null;
    const seam = printed.slice(from + 1, to + 1);
    return seam.every((part) => typeof part === "string" || !/^(?:before|after)/.test(part.slot)) ? seam : null;
  }

  return {
    between(previous, step) {
      const key = `${shapeKey(previous)} ${shapeKey(step)}`;
      const known = seams.get(key);
      if (known !== undefined) return known;
      const seam = read(previous, step);
      seams.set(key, seam);
      return seam;
    },
    generation(previous, mode) {
      const key = `${shapeKey(previous)} ${mode.thinking} ${mode.effort}`;
      const known = generations.get(key);
      if (known !== undefined) return known;
      const steps = lead(previous).map((other, index): [string, StepShape] => [`before${index}:`, other]);
      const printed = print([...steps, ["previous:", previous]], mode);
      const from = printed === null ? -1 : endOf(printed, previous);
      const rest = printed === null || from < 0 ? null : printed.slice(from + 1);
      generations.set(key, rest);
      return rest;
    },
  };
}

/** A template that prints arguments with `tojson` puts quotes around the placeholder; the arguments have none. */
function unquoteArguments(printed: Printed): Printed {
  const parts = [...printed];
  parts.forEach((part, index) => {
    if (typeof part === "string" || !/(?:^|:)args:\d+$/.test(part.slot)) return;
    const before = parts[index - 1];
    const after = parts[index + 1];
    if (typeof before !== "string" || typeof after !== "string" || !before.endsWith('"') || !after.startsWith('"')) return;
    parts[index - 1] = before.slice(0, -1);
    parts[index + 1] = after.slice(1);
  });
  return parts;
}
