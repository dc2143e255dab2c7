import type { Clock } from "../../platform/clock.ts";
import type { CacheMissReason } from "../../turn/turn-event.ts";
import type { Turn } from "../../turn/turn.ts";
import type { RenderedPrompt } from "./render/rendered-prompt.ts";

type PartHashes = RenderedPrompt["partHashes"];

interface Remembered {
  readonly workspaceId: string;
  readonly parts: PartHashes;
  /** Prompt tokens that the turn read from the cache or wrote to it: what the next one could read. */
  readonly cachedTokens: number;
  readonly atMs: number;
}

const KEPT_MESSAGES = 10_000;
const KEPT_MS = 3_600_000;

/** Remembers what each message's prompt was made of, so that a later turn can be told why its cache missed. */
export interface CacheDiagnostics {
  remember(turn: Pick<Turn, "messageId" | "workspaceId">, parts: PartHashes, cachedTokens: number): void;
  /** Null where the client did not ask, or where all that the previous turn left in the cache was read. */
  explain(turn: Pick<Turn, "previousMessageId" | "workspaceId">, parts: PartHashes, readTokens: number): CacheMissReason | null;
}

export function createCacheDiagnostics(clock: Clock): CacheDiagnostics {
  const byMessage = new Map<string, Remembered>();
  return {
    remember(turn, parts, cachedTokens) {
      byMessage.set(turn.messageId, { workspaceId: turn.workspaceId, parts, cachedTokens, atMs: clock.nowMs() });
      const oldest = byMessage.keys().next().value;
      if (byMessage.size > KEPT_MESSAGES && oldest !== undefined) byMessage.delete(oldest);
    },
    explain(turn, parts, readTokens) {
      if (turn.previousMessageId === null) return null;
      const previous = byMessage.get(turn.previousMessageId);
      const found =
        previous !== undefined && previous.workspaceId === turn.workspaceId && clock.nowMs() - previous.atMs < KEPT_MS;
      if (!found) return { type: "previous_message_not_found" };
      const missedInputTokens = previous.cachedTokens - readTokens;
      if (missedInputTokens <= 0) return null;
      const changed = firstChange(previous.parts, parts);
      return changed === null ? { type: "unavailable" } : { type: changed, missedInputTokens };
    },
  };
}

function firstChange(before: PartHashes, now: PartHashes) {
  if (before.model !== now.model) return "model_changed";
  if (before.tools !== now.tools) return "tools_changed";
  if (before.system !== now.system) return "system_changed";
  // The conversation may only have grown.
  const grown = before.messages.every((hash, index) => now.messages[index] === hash);
  return grown ? null : "messages_changed";
}
