/**
 * Text of the conversation never goes through a template: a placeholder stands for it, and is found again in what the
 * template printed. A placeholder is nine private-use characters (some templates insist that ids have nine characters).
 * Nothing that may hold such characters by itself is given to a template, so a placeholder is never mistaken.
 */
const OPEN = "\u{e0f0}";
const CLOSE = "\u{e0f1}";
const ZERO = 0xe000;
const PATTERN = /\u{e0f0}([\u{e000}-\u{e00f}]{7})\u{e0f1}/gu;
const QUOTED = new RegExp(`"${PATTERN.source}"`, "gu");

/** What a template printed: its own text, and the names of the slots between. */
export type Printed = readonly (string | { readonly slot: string })[];

export interface Slots {
  /** The placeholder of a slot; the same name gives the same placeholder. */
  hold(name: string): string;
  /** Splits printed text at the placeholders. Empty text is left out. */
  split(text: string): Printed;
  /** Takes the quotes from around the placeholders whose names are meant. */
  unquote(text: string, isMeant: (name: string) => boolean): string;
}

export function createSlots(): Slots {
  const names: string[] = [];
  const held = new Map<string, string>();
  const nameOf = (placeholderDigits: string): string | undefined => {
    const digits = Array.from(placeholderDigits, (digit) => (digit.charCodeAt(0) - ZERO).toString(16)).join("");
    return names[Number.parseInt(digits, 16)];
  };
  return {
    hold(name) {
      const known = held.get(name);
      if (known !== undefined) return known;
      const digits = names.length.toString(16).padStart(7, "0");
      const placeholder =
        OPEN + Array.from(digits, (digit) => String.fromCharCode(ZERO + Number.parseInt(digit, 16))).join("") + CLOSE;
      names.push(name);
      held.set(name, placeholder);
      return placeholder;
    },
    split(text) {
      const printed: (string | { slot: string })[] = [];
      let from = 0;
      for (const match of text.matchAll(PATTERN)) {
        const slot = nameOf(match[1] ?? "");
        if (slot === undefined) continue;
        if (match.index > from) printed.push(text.slice(from, match.index));
        printed.push({ slot });
        from = match.index + match[0].length;
      }
      if (from < text.length) printed.push(text.slice(from));
      return printed;
    },
    unquote: (text, isMeant) =>
      text.replaceAll(QUOTED, (whole, placeholderDigits: string) => {
        const name = nameOf(placeholderDigits);
        return name !== undefined && isMeant(name) ? whole.slice(1, -1) : whole;
      }),
  };
}

/** Where `name` stands first in `printed`, or -1. */
export function indexOfSlot(printed: Printed, name: string): number {
  return printed.findIndex((part) => typeof part !== "string" && part.slot === name);
}
