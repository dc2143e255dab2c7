import { isDeepStrictEqual } from "node:util";
import type { Turn } from "../../../turn/turn.ts";

export interface KnownCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** The calls whose results, none of them an error, the last user message brings. */
export function answeredCalls(turn: Pick<Turn, "messages">): readonly KnownCall[] {
  const last = turn.messages.findLast(({ role }) => role !== "system");
  const asked = turn.messages.findLast(({ role }) => role === "assistant");
  if (last?.role !== "user" || asked?.role !== "assistant") return [];
  const answered = new Set(
    last.content.flatMap((block) => (block.type === "tool_result" && !block.isError ? [block.toolUseId] : [])),
  );
  return asked.content.flatMap((block) =>
    block.type === "tool_use" && answered.has(block.id) ? [{ name: block.name, input: block.input }] : [],
  );
}

export function isKnown(call: KnownCall, known: readonly KnownCall[]): boolean {
  return known.some(({ name, input }) => name === call.name && isDeepStrictEqual(input, call.input));
}

/** Whether an input that begins with `json` may still become that of a known call, white space aside. */
export function mayBecomeKnown(name: string, json: string, known: readonly KnownCall[]): boolean {
  const begun = withoutSpace(json);
  return known.some((call) => call.name === name && withoutSpace(JSON.stringify(call.input)).startsWith(begun));
}

function withoutSpace(json: string): string {
  return json.replaceAll(/\s/g, "");
}
