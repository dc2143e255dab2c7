import { hash } from "node:crypto";
import type { Turn } from "../../turn/turn.ts";

export interface Choosable {
  /** `hashOfName` of a name that is its own. */
  readonly nameHash: number;
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
  const key = hash("sha1", affinity(), "buffer");
  const [high, low] = [key.readInt32BE(0), key.readInt32BE(4)];
  let home: T | null = null;
  let best = -Infinity;
  let least: T | null = null;
  for (const target of targets) {
    const score = rendezvousScore(high, low, target);
    if (score > best) [home, best] = [target, score];
    if (least === null || load(target) < load(least)) least = target;
  }
  if (home === null || least === null) return null;
  return load(home) > load(least) + SLACK_TOKENS ? least : home;
}

function load({ outstanding, weight }: Choosable): number {
  return outstanding / weight;
}

export function hashOfName(name: string): number {
  return hash("sha1", name, "buffer").readInt32BE(0);
}

/**
 * Each target wins a share of the keys that is its share of the weights. A turn's key is hashed once and mixed with each name's hash, as hashing
 * both together for each of a thousand targets would take longer than the rest of a turn.
 */
function rendezvousScore(high: number, low: number, { nameHash, weight }: Choosable): number {
  const mixed = mix(mix(high ^ nameHash) ^ low) >>> 0;
  return -weight / Math.log((mixed + 1) / (2 ** 32 + 1));
}

/** The finalizer of MurmurHash3: each bit of what goes in changes half of those that come out. */
function mix(bits: number): number {
  const first = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return second ^ (second >>> 16);
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
