import { createHash } from "node:crypto";
import type { Turn } from "../../turn/turn.ts";

export interface Choosable {
  readonly name: string;
  readonly weight: number;
  /** Tokens of the turns that it has now. */
  readonly outstanding: number;
}

/** How far a target may be ahead of the least busy one, in outstanding tokens by weight, and still be the one with the prefix. */
const SLACK_TOKENS = 16_384;

/**
 * The target for a turn: the one where its prefix is, as every node would say without asking another (rendezvous hashing), unless
 * it is much busier than the least busy one.
 */
export function chooseTarget<T extends Choosable>(targets: readonly T[], affinity: () => string): T | null {
  if (targets.length <= 1) return targets[0] ?? null;
  const key = affinity();
  let home: T | null = null;
  let best = -Infinity;
  let least: T | null = null;
  for (const target of targets) {
    const score = rendezvousScore(key, target);
    if (score > best) [home, best] = [target, score];
    if (least === null || load(target) < load(least)) least = target;
  }
  if (home === null || least === null) return null;
  return load(home) > load(least) + SLACK_TOKENS ? least : home;
}

function load({ outstanding, weight }: Choosable): number {
  return outstanding / weight;
}

/** Each target wins a share of the keys that is its share of the weights. */
function rendezvousScore(key: string, { name, weight }: Choosable): number {
  const hash = createHash("sha1").update(key).update("\0").update(name).digest().readUInt32BE(0);
  return -weight / Math.log((hash + 1) / (2 ** 32 + 1));
}

/** What turns have in common that share a prefix: their session, else all that they begin with. */
export function affinityOf(turn: Turn): string {
  const { sessionId, agentId } = turn.affinity;
  if (sessionId !== null || agentId !== null) return JSON.stringify([turn.workspaceId, sessionId, agentId]);
  const { system, tools, messages } = turn.wire?.body ?? turn;
  return JSON.stringify([turn.workspaceId, system, tools, messages[0]]);
}

const CHARACTERS_PER_TOKEN = 4;
/** Most replies end long before `max_tokens`. */
const REPLY_TOKENS = 1_024;

/** About what a turn asks of an upstream. */
export function turnTokens(turn: Turn): number {
  const characters = turn.wire ? turn.wire.bytes.length : JSON.stringify([turn.system, turn.tools, turn.messages]).length;
  return Math.ceil(characters / CHARACTERS_PER_TOKEN) + Math.min(turn.maxTokens, REPLY_TOKENS);
}
