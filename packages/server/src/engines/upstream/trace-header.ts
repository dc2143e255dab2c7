import type { Turn } from "../../turn/turn.ts";

/** Tells an upstream which span asks it. */
export function traceHeader({ traceparent }: Pick<Turn, "traceparent">): Readonly<Record<string, string>> {
  return traceparent === undefined ? {} : { traceparent };
}
