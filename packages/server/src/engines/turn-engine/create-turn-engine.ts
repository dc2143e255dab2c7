import type { Clock } from "../../platform/clock.ts";
import { Failure, fail } from "../../platform/fail.ts";
import type { Engine, WeightsDescription } from "../../turn/engine.ts";
import type { TurnEvent, Usage } from "../../turn/turn-event.ts";
import type { Turn } from "../../turn/turn.ts";
import { BackendGone, PictureRefused, type SamplerOptions, type TokenBackend } from "../backend.ts";
import { traceHeader } from "../upstream/trace-header.ts";
import { BlockWriter } from "./block-writer.ts";
import { promptUsage } from "./cache/cache-plan.ts";
import { createPendingPrefixes } from "./cache/pending-prefixes.ts";
import { takeSlot } from "./cache/take-slot.ts";
import type { SnapshotStore } from "./cache/snapshot-store.ts";
import { createCiter } from "./citations/create-citer.ts";
import { createCacheDiagnostics } from "./cache-diagnostics.ts";
import { type PromptCache, planPromptCache, prefillThroughCache, promptKeys } from "./cached-prefill.ts";
import { Decoder } from "./decoder.ts";
import { generateReply } from "./generate-reply.ts";
import { type ModelRuntime, createModelRuntime } from "./model-runtime.ts";
import { outputRoom } from "./overflow.ts";
import type { ReplayStore } from "./render/replay-store.ts";
import type { ReplyContent } from "./render/rendered-prompt.ts";
import type { Mending } from "./reply-state.ts";
import type { ToolGate } from "./tool-decision/tool-gate.ts";
import { withNote } from "./tool-decision/with-note.ts";

/** Loaded models, as the turn engine needs them. */
export interface ModelSource {
  list(): Promise<readonly WeightsDescription[]>;
  /** Loads the weights if need be; the model stays loaded until the lease is released. */
  acquire(weights: string, signal: AbortSignal): Promise<{ readonly backend: TokenBackend; release(): void }>;
}

export interface TurnEngineOptions {
  readonly models: ModelSource;
  readonly snapshots: SnapshotStore;
  readonly replays: ReplayStore;
  readonly signThinking: (workspaceId: string, thinking: string) => string;
  readonly newToolUseId: () => string;
  /** For a turn that names no temperature, top_p or top_k. */
  readonly defaultSampler: SamplerOptions;
  readonly clock: Clock;
  /** How calls of these weights are judged before they are made; null: not at all. */
  readonly toolGateOf: (weights: string) => ToolGate | null;
  /** Where slots' content is kept while a call is judged. */
  readonly scratchFolder: string;
  /** Called where a reply had to be mended; holds no content. */
  readonly note: (what: Mending, weights: string) => void;
  /** Called where a prompt's prefix could not be stored, e.g. on a full disk. */
  readonly onStoreFault: (error: unknown) => void;
}

/** How busy the loaded models' slots are. */
export interface EngineLoad {
  readonly slots: number;
  readonly slotsBusy: number;
  readonly queued: number;
}

export interface ModelLoad extends EngineLoad {
  readonly weights: string;
  /** Decoded, over the last seconds. */
  readonly tokensPerSecond: number;
}

export interface TurnEngine extends Engine {
  load(): EngineLoad;
  /** The same for each loaded model that has run a turn. */
  loads(): readonly ModelLoad[];
}

/** The engine over any token backend: render, cache plan, queue, prefill, decode in phases, parse, count. */
export function createTurnEngine(options: TurnEngineOptions): TurnEngine {
  const { clock, snapshots } = options;
  const runtimes = new Map<TokenBackend, ModelRuntime>();
  const pending = createPendingPrefixes();
  const diagnostics = createCacheDiagnostics(clock);

  function runtimeOf(backend: TokenBackend, weights: string): ModelRuntime {
    let runtime = runtimes.get(backend);
    if (runtime === undefined) {
      runtime = createModelRuntime(backend, weights, { replays: options.replays, clock, scratchFolder: options.scratchFolder });
      runtimes.set(backend, runtime);
      void backend.gone.then(() => runtimes.delete(backend));
    }
    return runtime;
  }

  async function withModel<T>(turn: Turn, signal: AbortSignal, use: (backend: TokenBackend) => Promise<T>): Promise<T> {
    const lease = await options.models.acquire(turn.weights, signal);
    try {
      return await use(lease.backend);
    } catch (error) {
      throw asFailure(error, signal);
    } finally {
      lease.release();
    }
  }

  async function* runOn(loaded: TokenBackend, turn: Turn, signal: AbortSignal): AsyncGenerator<TurnEvent, void, void> {
    const renderStartMs = clock.monotonicMs();
    const runtime = runtimeOf(loaded, turn.weights);
    const trace = traceHeader(turn);
    const backend: TokenBackend = { ...loaded, decode: (request, until) => loaded.decode({ ...request, ...trace }, until) };
    const prompt = await runtime.renderer.render(turn);
    const room = outputRoom(turn, prompt.tokens.length, backend.model.contextTokens);
    const keys = promptKeys(turn, prompt, backend.model);
    const plan = (): PromptCache => planPromptCache(turn, prompt, keys, snapshots);
    const { plan: expected } = plan();
    const renderMs = clock.monotonicMs() - renderStartMs;
    yield {
      type: "start",
      usage: { ...promptUsage(prompt.tokens.length, expected), outputTokens: 0, thinkingTokens: 0 },
      cacheMissReason: diagnostics.explain(turn, prompt.partHashes, expected.readTokens),
    };

    const queueStartMs = clock.monotonicMs();
    const {
      lease,
      plan: cache,
      stored,
    } = await takeSlot(
      { scheduler: runtime.scheduler, pending },
      {
        request: {
          workspaceId: turn.workspaceId,
          priority: turn.priority,
          sessionId: sessionOf(turn),
          tokens: prompt.tokens,
        },
        plan,
        keysOf: ({ plan: { writes } }) => writes.map(({ position }) => keys.get(position) ?? ""),
      },
      signal,
    );
    try {
      const queueMs = clock.monotonicMs() - queueStartMs;
      const prefilled = yield* prefillThroughCache(
        {
          turn,
          prompt,
          cache,
          backend,
          lease,
          snapshots,
          monotonicMs: () => clock.monotonicMs(),
          onStoreFault: options.onStoreFault,
        },
        signal,
      );
      stored();
      const decoder = new Decoder({
        backend,
        lease,
        prompt,
        roomTokens: room.tokens,
        reusePrefix: prefilled.residentTokens > 0,
        monotonicMs: () => clock.monotonicMs(),
        onTokens: (count) => runtime.meter.add(count),
        signal,
      });
      const gate = options.toolGateOf(turn.weights);
      const writer = new BlockWriter(() => decoder.log.tokens.length);
      const reply = yield* generateReply(
        {
          turn,
          backend,
          syntax: runtime.syntax,
          decoder,
          writer,
          sampler: samplerOf(turn, options.defaultSampler),
          endsAtWindow: room.endsAtWindow,
          prefilled: turn.messages.at(-1)?.role === "assistant",
          clock,
          gate: gate && {
            weights: gate,
            fit: (tools, request) => runtime.toolFit.ask({ tools, request }, { lease, tokens: decoder.tokens, trace }, signal),
          },
          renderWithNote: async (note) => {
            const noted = await runtime.renderer.render(withNote(turn, note));
            return noted.tokens.length + room.tokens <= backend.model.contextTokens ? noted : null;
          },
          // Citations cut a text into blocks, and a schema wants one.
          citer: turn.outputSchema === null ? createCiter(turn) : null,
          signThinking: options.signThinking,
          newToolUseId: options.newToolUseId,
          note: (what) => options.note(what, turn.weights),
        },
        { thinkingNative: runtime.thinkingNative, insideThought: prompt.insideThought },
      );
      if (reply.replayable && !turn.keepsNothing)
        remember(runtime, turn, writer.content, decoder.log.tokens, reply.thinkingTokens);
      const usage: Usage = {
        ...readUsage(prompt.tokens.length, prefilled.plan, decoder.cachedTokens),
        outputTokens: decoder.log.tokens.length,
        thinkingTokens: reply.thinkingTokens,
      };
      const { cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens } = usage;
      diagnostics.remember(turn, prompt.partHashes, cacheReadTokens + cacheWrite5mTokens + cacheWrite1hTokens);
      yield {
        type: "end",
        stopReason: reply.stopReason,
        stopSequence: reply.stopSequence,
        refusal: reply.refusal,
        usage,
        timings: {
          renderMs,
          queueMs,
          restoreMs: prefilled.restoreMs,
          prefillMs: prefilled.prefillMs + decoder.prefillMs,
          decodeMs: decoder.decodeMs,
        },
        cacheMissReason: diagnostics.explain(turn, prompt.partHashes, cacheReadTokens),
      };
    } finally {
      lease.release();
      stored();
    }
  }

  const loads = (): readonly ModelLoad[] =>
    runtimes
      .values()
      .map(({ weights, scheduler, meter }) => {
        const { slots, busy, queued } = scheduler.status();
        return { weights, slots, slotsBusy: busy, queued, tokensPerSecond: meter.perSecond() };
      })
      .toArray();

  return {
    loads,

    load() {
      const total = { slots: 0, slotsBusy: 0, queued: 0 };
      for (const { slots, slotsBusy, queued } of loads()) {
        total.slots += slots;
        total.slotsBusy += slotsBusy;
        total.queued += queued;
      }
      return total;
    },

    list: () => options.models.list(),

    countTokens: (turn, signal) =>
      withModel(turn, signal, async (backend) => {
        const prompt = await runtimeOf(backend, turn.weights).renderer.render(turn);
        return prompt.tokens.length;
      }),

    async *run(turn, signal) {
      const lease = await options.models.acquire(turn.weights, signal);
      try {
        yield* runOn(lease.backend, turn, signal);
      } catch (error) {
        throw asFailure(error, signal);
      } finally {
        lease.release();
      }
    },
  };
}

/** Requests of one agent prefer one slot; a session's main loop and its sub-agents are different conversations. */
function sessionOf(turn: Turn): string | null {
  const { sessionId, agentId } = turn.affinity;
  return sessionId === null && agentId === null ? null : JSON.stringify([sessionId, agentId]);
}

function samplerOf(turn: Turn, defaults: SamplerOptions): SamplerOptions {
  const { temperature, topP, topK } = turn.sampling;
  const asked = temperature !== null || topP !== null || topK !== null;
  if (!asked) return defaults;
  return { temperature: temperature ?? 1, topP: topP ?? 1, topK: topK ?? 0 };
}

/** What was planned to be read but was recomputed after all is plain input (promise 5). */
function readUsage(promptTokens: number, plan: Parameters<typeof promptUsage>[1], cachedTokens: number | null) {
  const usage = promptUsage(promptTokens, plan);
  const recomputed = plan.writes.length > 0 || cachedTokens === null ? 0 : Math.max(0, plan.readTokens - cachedTokens);
  return {
    ...usage,
    inputTokens: usage.inputTokens + recomputed,
    cacheReadTokens: usage.cacheReadTokens - recomputed,
  };
}

/**
 * The reply comes back with or without its thinking (the platform drops thinking outside tool loops), so both forms
 * are remembered. A prefilled reply comes back merged with its prefill and cannot be found again.
 */
function remember(
  runtime: ModelRuntime,
  turn: Turn,
  content: ReplyContent,
  tokens: readonly number[],
  thinkingTokens: number,
): void {
  if (content.length === 0 || turn.messages.at(-1)?.role === "assistant") return;
  runtime.renderer.remember(turn.workspaceId, content, tokens);
  if (thinkingTokens === 0) return;
  const withoutThinking = content.filter(({ type }) => type !== "thinking");
  if (withoutThinking.length > 0) {
    runtime.renderer.remember(turn.workspaceId, withoutThinking, tokens.slice(thinkingTokens));
  }
}

function asFailure(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof Failure || signal.aborted) return error;
  if (error instanceof PictureRefused) {
    return fail("invalid_request_error", { public: error.message, cause: error });
  }
  if (error instanceof BackendGone) {
    return fail("api_error", {
      public: "The model's process ended before the reply was complete. It is being restarted; please try again.",
      internal: error.message,
      cause: error,
    });
  }
  return error;
}
