import {
  CLOSING_TAGS,
  DEEPSEEK_CALLS_END,
  DEEPSEEK_CALL_END,
  type Opening,
  type ToolsByName,
  readNextElement,
} from "./opening.ts";
import { Reader } from "./reader.ts";

export type Closing =
  | { readonly kind: "more" }
  /** The call is closed; text goes on behind `length` characters. */
  | { readonly kind: "closed"; readonly length: number }
  /** A further call within the same fence, tag or array; offsets count from the text's start. */
  | { readonly kind: "open"; readonly opening: Extract<Opening, { kind: "open" }> };

const EXTRA_KEYS = ["name", "id", "type", "index", "call_id", "tool_call_id", "tool_use_id"];

/**
 * Reads what stands behind a call's input: its closers, of which a weak model leaves some out or writes some too many,
 * and further calls. `over`: no more text will come.
 */
export function readClosing(text: string, closers: readonly string[], tools: ToolsByName, over: boolean): Closing {
  let remaining: readonly string[] = closers;
  const reader = new Reader(text);
  for (;;) {
    reader.space();
    reader.short = false;
    const start = reader.at;
    if (start === text.length) return over ? { kind: "closed", length: start } : { kind: "more" };
    const left = readCloser(reader, remaining, over);
    if (left !== null) {
      remaining = left;
      continue;
    }
    reader.at = start;
    // A closer that begins with a comma is the name behind the input.
    const inObject = remaining[0] === "}" || remaining[0]?.startsWith(",") === true;
    if (inObject && extraMember(reader)) continue;
    reader.at = start;
    if (!inObject) {
      const next = furtherCall(text, start, tools, remaining);
      if (next.kind === "open") return { kind: "open", opening: next };
      if (next.kind === "more") reader.short = true;
    }
    if (!reader.short) return { kind: "closed", length: start };
    if (!over) return { kind: "more" };
    return { kind: "closed", length: isRemnant(text.slice(start), remaining) ? text.length : start };
  }
}

/** What is left to close after the next closer, or null where none stands here. */
function readCloser(reader: Reader, remaining: readonly string[], over: boolean): readonly string[] | null {
  for (const [index, written] of remaining.entries()) {
    const closer = written.trim();
    const start = reader.at;
    if (!reader.literal(closer)) continue;
    if (!closer.startsWith("```")) return remaining.slice(index + 1);
    // Backticks with a word behind them open the next fence.
    const behind = reader.text[reader.at];
    if (behind === undefined ? over : !/[\w`]/u.test(behind)) return remaining.slice(index + 1);
    if (behind === undefined) reader.short = true;
    reader.at = start;
  }
  const stray = reader.oneOf([...CLOSING_TAGS, DEEPSEEK_CALL_END, DEEPSEEK_CALLS_END, "}", "]"]);
  return stray === null ? null : remaining;
}

/** `, "id": "call_1"` behind the input. */
function extraMember(reader: Reader): boolean {
  if (!reader.literal(",")) return false;
  reader.space();
  if (reader.peek() === null || reader.stringAmong(EXTRA_KEYS) === null) return false;
  reader.space();
  if (!reader.literal(":")) return false;
  reader.space();
  return reader.scalar();
}

function furtherCall(text: string, start: number, tools: ToolsByName, remaining: readonly string[]): Opening {
  const separated = text[start] === "," || text[start] === ";";
  if (!separated && (text[start] !== "{" || remaining.length === 0)) return { kind: "no" };
  const from = separated ? start + 1 : start;
  const next = readNextElement(text.slice(from), tools, remaining);
  return next.kind === "open" ? { ...next, inputStart: next.inputStart + from } : next;
}

/** Whether the text's end is only the beginning of a closer or of a separator. */
function isRemnant(text: string, remaining: readonly string[]): boolean {
  const rest = text.trim();
  return rest === "," || rest === ";" || [...remaining, ...CLOSING_TAGS].some((closer) => closer.trim().startsWith(rest));
}
