import { BackendGone, type BackendModel, type DecodeEvent, type DecodeRequest, type TokenBackend } from "../backend.ts";
import type { Turn } from "../../turn/turn.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";
import { type CachePlan, type CacheWrite, planCache } from "./cache/cache-plan.ts";
import { prefixKeys, waypoints } from "./cache/prefix-keys.ts";
import type { SlotLease } from "./cache/slot-scheduler.ts";
import type { CachedPrefix, SnapshotStore } from "./cache/snapshot-store.ts";
import { toPictured } from "./prompt-tokens.ts";
import { GREEDY } from "./samplers.ts";
import type { RenderedPrompt } from "./render/rendered-prompt.ts";

/** A prompt's cache plan with the names of its prefixes. */
export interface PromptCache {
  readonly plan: CachePlan;
  readonly keys: ReadonlyMap<number, string>;
}

/** The names of a prompt's prefixes, at boundaries and waypoints, by their length; none where the turn asks for no caching. */
export function promptKeys(
  turn: Turn,
  prompt: RenderedPrompt,
  model: Pick<BackendModel, "fingerprint">,
): ReadonlyMap<number, string> {
  if (prompt.boundaries.every(({ ttl }) => ttl === null)) return new Map();
  const salt = { workspaceId: turn.workspaceId, fingerprint: model.fingerprint };
  return prefixKeys(salt, prompt.tokens, [
    ...prompt.boundaries.map(({ position }) => position),
    ...waypoints(prompt.tokens.length),
  ]);
}

/** By what is cached at this moment. */
export function planPromptCache(
  turn: Turn,
  prompt: RenderedPrompt,
  keys: ReadonlyMap<number, string>,
  snapshots: SnapshotStore,
): PromptCache {
  if (turn.keepsNothing) return { plan: { readTokens: 0, writes: [], refreshes: [] }, keys: new Map() };
  return { plan: planCache(turn, prompt, (position) => snapshots.has(keys.get(position) ?? "")), keys };
}

export interface PrefillOutcome {
  /** The plan as it came out: what did not fit is not counted as read, and what the disk did not take not as written. */
  readonly plan: CachePlan;
  readonly restoreMs: number;
  readonly prefillMs: number;
  /** How much of the prompt the slot holds. */
  readonly residentTokens: number;
}

/**
 * A prompt is computed in pieces of so many tokens: llama-server fills its batches slot by slot, so another slot's short
 * prompt would wait for the end of a long one (four minutes behind Claude Code's).
 */
const PIECE_TOKENS = 1024;

/** Where the next piece ends; in a prompt with pictures, where a text does: engines compute no prompt that ends with a picture. */
function pieceEnd({ pictured }: RenderedPrompt, from: number): number {
  const end = from + PIECE_TOKENS;
  if (pictured === undefined) return end;
  let best = from;
  let position = 0;
  for (const part of pictured) {
    position += part.tokens;
    if (position > end && best > from) break;
    if (position > from && "text" in part) best = position;
  }
  return best > from ? best : end;
}

/** Less is not worth reading a file that may be far longer than what is shared. */
const MINIMUM_SHARED_TOKENS = 512;

/**
 * Brings the slot to hold the prompt up to its last breakpoint and stores that prefix: restore what is cached, compute
 * the rest, save. What follows the last breakpoint is computed by the first decode, but for whole pieces of it.
 */
export async function* prefillThroughCache(
  context: {
    readonly turn: Turn;
    readonly prompt: RenderedPrompt;
    readonly cache: PromptCache;
    readonly backend: TokenBackend;
    readonly lease: SlotLease;
    readonly snapshots: SnapshotStore;
    readonly monotonicMs: () => number;
    /** Told why a prefix was not stored; the turn goes on without. */
    readonly onStoreFault: (error: unknown) => void;
  },
  signal: AbortSignal,
): AsyncGenerator<TurnEvent, PrefillOutcome, void> {
  const { turn, prompt, cache, backend, lease, snapshots } = context;
  const keyAt = (position: number): string => cache.keys.get(position) ?? "";
  let plan = cache.plan;
  let residentTokens = lease.residentTokens;
  const restoreStartMs = context.monotonicMs();
  residentTokens = (await restoreShared(context, Math.max(plan.readTokens, residentTokens))) ?? residentTokens;
  if (plan.readTokens > residentTokens) {
    if (await restore(context, snapshots.open(keyAt(plan.readTokens)))) {
      residentTokens = plan.readTokens;
    } else {
      residentTokens = 0;
      // What cannot be read is not counted as read (promise 5).
      plan = planCache(turn, prompt, () => false);
    }
  }
  lease.setResident(prompt.tokens.slice(0, residentTokens));
  for (const { position, ttl } of plan.refreshes) snapshots.refresh(keyAt(position), ttl);
  if (plan.readTokens > 0) snapshots.refresh(keyAt(plan.readTokens), "5m");
  const restoreMs = context.monotonicMs() - restoreStartMs;

  let prefillMs = 0;
  let hasComputed = false;
  async function* compute(to: number): AsyncGenerator<TurnEvent, void, void> {
    const tokens = prompt.tokens.slice(0, to);
    const request = { slot: lease.slot, tokens, ...toPictured(prompt), reusePrefix: residentTokens > 0 };
    const end = yield* prefill(backend, request, prompt.tokens.length, signal);
    prefillMs += end.prefillMs;
    // What the engine had let go of was computed again, whatever was stored (promise 5).
    if (!hasComputed && end.cachedTokens < plan.readTokens) plan = { ...plan, readTokens: end.cachedTokens };
    hasComputed = true;
    lease.setResident(tokens);
    residentTokens = to;
  }

  /** In whole pieces, so that less than one is left. */
  async function* computeUpTo(position: number): AsyncGenerator<TurnEvent, void, void> {
    for (let to = pieceEnd(prompt, residentTokens); to < position; to = pieceEnd(prompt, residentTokens)) yield* compute(to);
  }

  const last = plan.writes.at(-1);
  // A layout that cannot be cut needs its state at each breakpoint; else the longest holds the shorter ones.
  const stops: readonly CacheWrite[] = backend.model.canTruncate ? (last ? [last] : []) : plan.writes;
  for (const stop of stops) {
    yield* computeUpTo(stop.position);
    // Also where the slot holds more: what is saved ends at the breakpoint.
    yield* compute(stop.position);
    const covered = plan.writes.filter(
      ({ position }) => position === stop.position || (backend.model.canTruncate && position < stop.position),
    );
    try {
      await snapshots.add({
        workspaceId: turn.workspaceId,
        fingerprint: backend.model.fingerprint,
        entries: covered.map(({ position, ttl }) => ({ key: keyAt(position), position, ttl })),
        contained: backend.model.canTruncate
          ? prompt.boundaries.filter(({ position }) => position < stop.position).map(({ position }) => keyAt(position))
          : [],
        waypoints: backend.model.canTruncate ? waypoints(stop.position).map(keyAt) : [],
        save: (file) => backend.saveSlot(lease.slot, file),
      });
    } catch (error) {
      if (error instanceof BackendGone || signal.aborted) throw error;
      context.onStoreFault(error);
      plan = { ...plan, writes: plan.writes.filter((write) => !covered.includes(write)) };
    }
  }
  yield* computeUpTo(prompt.tokens.length);
  // A picture takes long, and says nothing meanwhile: not under a grammar, whose decode is watched for that.
  const isWhole = turn.maxTokens === 0 || prompt.pictured !== undefined;
  if (isWhole && (last === undefined || last.position < prompt.tokens.length)) {
    yield* compute(prompt.tokens.length);
  }
  return { plan, restoreMs, prefillMs, residentTokens };
}

interface RestoreContext {
  readonly prompt: RenderedPrompt;
  readonly cache: PromptCache;
  readonly backend: TokenBackend;
  readonly lease: SlotLease;
  readonly snapshots: SnapshotStore;
}

/** False where there is none, or none that loads; then the slot holds nothing. */
async function restore({ backend, lease }: RestoreContext, cached: CachedPrefix | undefined): Promise<boolean> {
  if (cached === undefined) return false;
  try {
    if (await backend.restoreSlot(lease.slot, cached.file)) return true;
  } finally {
    cached.done();
  }
  await cached.forget();
  lease.setResident([]);
  return false;
}

/**
 * Prompts may share more than what a breakpoint of both ends: another conversation's first message begins with the same
 * reminders as this one's. The usage counts by breakpoints whatever is computed; not computing it again is only quicker. Returns the
 * tokens that the slot then holds (0: the file did not load), null where no snapshot shares that much more than `tokens`.
 */
async function restoreShared(context: RestoreContext, tokens: number): Promise<number | null> {
  const { prompt, cache, backend, snapshots } = context;
  if (!backend.model.canTruncate || cache.keys.size === 0) return null;
  const lengths = waypoints(prompt.tokens.length);
  const names = lengths.map((length) => cache.keys.get(length) ?? "");
  const found = snapshots.openShared(names, lengths.filter((length) => length < tokens + MINIMUM_SHARED_TOKENS).length);
  if (found === undefined) return null;
  return (await restore(context, found)) ? (lengths[found.shared - 1] ?? 0) : 0;
}

async function* prefill(
  backend: TokenBackend,
  request: Pick<DecodeRequest, "slot" | "tokens" | "pictured" | "reusePrefix">,
  total: number,
  signal: AbortSignal,
): AsyncGenerator<TurnEvent, Extract<DecodeEvent, { type: "end" }>, void> {
  const decode = backend.decode({ ...request, maxTokens: 0, sampler: GREEDY, grammar: null, topLogprobs: 0 }, signal);
  for await (const event of decode) {
    if (event.type === "prefill") yield { type: "progress", phase: "prefill", done: event.done, total };
    else if (event.type === "end") return event;
  }
  throw new Error("a prefill ended without its end event");
}
