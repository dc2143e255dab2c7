import type { CacheControl } from "../messages/cache-control.ts";
import type { CountTokensRequest } from "../messages/count-tokens.ts";
import type { Problem } from "./problem.ts";

const CACHE_BREAKPOINTS_MAX = 4;

interface Mark {
  readonly path: readonly (string | number)[];
  readonly ttl: "5m" | "1h";
}

/** At most four breakpoints; in the order tools, system, messages no `1h` after a `5m`. */
export function cacheRule(request: CountTokensRequest): Problem | null {
  const marks = collectMarks(request);
  if (marks.length > CACHE_BREAKPOINTS_MAX) {
    return { path: [], text: `A maximum of 4 blocks with cache_control may be provided. Found ${marks.length}.` };
  }
  const firstShort = marks.findIndex((mark) => mark.ttl === "5m");
  const late = firstShort < 0 ? undefined : marks.slice(firstShort).find((mark) => mark.ttl === "1h");
  if (!late) return null;
  return {
    path: [...late.path, "cache_control", "ttl"],
    text:
      "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. " +
      "Note that blocks are processed in the following order: `tools`, `system`, `messages`.",
  };
}

function collectMarks(request: CountTokensRequest): Mark[] {
  const marks: Mark[] = [];
  const add = (holder: object, path: Mark["path"]): boolean => {
    const control = "cache_control" in holder ? (holder.cache_control as CacheControl | null | undefined) : undefined;
    if (!control) return false;
    marks.push({ path, ttl: control.ttl ?? "5m" });
    return true;
  };
  for (const [index, tool] of (request.tools ?? []).entries()) add(tool, ["tools", index]);
  if (typeof request.system === "object") {
    for (const [index, block] of request.system.entries()) add(block, ["system", index]);
  }
  let isLastMarked = false;
  for (const [at, message] of request.messages.entries()) {
    if (typeof message.content !== "object") {
      isLastMarked = false;
      continue;
    }
    for (const [index, block] of message.content.entries()) {
      const path = ["messages", at, "content", index];
      const inner = block.type === "tool_result" && Array.isArray(block.content) ? block.content : [];
      for (const [innerIndex, each] of inner.entries()) {
        add(each, [...path, "content", innerIndex]);
      }
      isLastMarked = add(block, path);
    }
  }
  // An automatic breakpoint falls on the last block; where the client has marked that one itself, they are one.
  if (request.cache_control && !isLastMarked) add(request, []);
  return marks;
}
