import type { DecodeEvent } from "../../backend.ts";
import type { CallFailure, ChildMessage, DecodeCommand, LoadOptions } from "../ipc.ts";
import type { Addon } from "./addon.ts";
import { createJob, disposeJob, sample, type Job, type Sample } from "./job.ts";
import { planBatch, type PlannedShare } from "./plan-batch.ts";
import { readCpu } from "./read-cpu.ts";
import { createSequence, type Sequence } from "./sequence.ts";
import { createThreadGovernor } from "./thread-governor.ts";

/** A grammar that takes longer is refused: every other stream waits while it compiles. */
const GRAMMAR_BUDGET_MS = 2_000;
/** Compiling is quadratic in alternatives: an enumeration of 40,000 words (600 kB) took over 5 s. */
const LONGEST_GRAMMAR_CHARACTERS = 200_000;
/** A grammar whose stacks explode hangs in native code, where nothing can stop it but the end of the process. */
const SAMPLING_BUDGET_MS = 10_000;

export interface BatchLoop {
  start(call: number, command: DecodeCommand): void;
  cancel(call: number): void;
  /** Runs `work` between two batches, when the native context is idle, in the order of arrival. */
  between<Result>(work: (sequences: readonly Sequence[]) => Promise<Result>): Promise<Result>;
}

type Share = PlannedShare<{ job: Job; sequenceId: number; prefillTokens: number }>;

/** Continuous batching: one loop, one batch at a time over all slots, one token for each stream in it. */
export function createBatchLoop(addon: Addon, options: LoadOptions, send: (message: ChildMessage) => void): BatchLoop {
  const { context, model } = addon;
  const sequences = Array.from({ length: options.slots }, (_, id) =>
    createSequence(context, { id, contextTokens: options.contextTokens, canTruncate: options.canTruncate }),
  );
  const governor = createThreadGovernor(options.threads);
  const jobs = new Map<number, Job>();
  const waiting: (() => Promise<void>)[] = [];
  let events: [number, DecodeEvent][] = [];
  let running = false;

  const end = (job: Job, event?: DecodeEvent) => {
    if (event) events.push([job.call, event]);
    jobs.delete(job.call);
    disposeJob(job);
  };
  const finish = (job: Job, reason: "end-token" | "length") => {
    const text = job.text.flush();
    if (text !== "") events.push([job.call, { type: "tokens", tokens: [], text, logprobs: null }]);
    const decodeMs = performance.now() - job.startedMs - job.prefillMs;
    end(job, { type: "end", reason, cachedTokens: job.cachedTokens, prefillMs: job.prefillMs, decodeMs });
  };
  const refuse = (call: number, kind: CallFailure["kind"], error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    send({ type: "failed", call, failure: { kind, message } });
  };
  const flush = () => {
    if (events.length > 0) send({ type: "events", events });
    events = [];
  };

  const compile = (call: number, gbnf: string): object | null => {
    if (gbnf.length > LONGEST_GRAMMAR_CHARACTERS) {
      refuse(call, "grammar-rejected", new Error(`it has more than ${LONGEST_GRAMMAR_CHARACTERS} characters`));
      return null;
    }
    send({ type: "grammar", call, state: "compiling" });
    const startedMs = performance.now();
    try {
      const grammar = addon.createGrammar(gbnf);
      const tookMs = performance.now() - startedMs;
      if (tookMs <= GRAMMAR_BUDGET_MS) return grammar;
      refuse(call, "grammar-rejected", new Error(`it took ${Math.round(tookMs)} ms to compile`));
    } catch (error) {
      refuse(call, "grammar-rejected", error);
    } finally {
      send({ type: "grammar", call, state: "compiled" });
    }
    return null;
  };

  const begin = (call: number, command: DecodeCommand) => {
    const sequence = sequences[command.slot];
    const busy = [...jobs.values()].some((job) => job.sequence === sequence);
    if (!sequence || busy) return refuse(call, "error", new Error(`slot ${command.slot} is ${busy ? "in use" : "unknown"}`));
    const { length } = command.tokens;
    if (length === 0 || length > options.contextTokens) {
      return refuse(call, "error", new Error(`${length} tokens do not fit a slot of ${options.contextTokens}`));
    }
    const grammar = command.grammar === null ? null : compile(call, command.grammar);
    if (command.grammar !== null && grammar === null) return;
    const job = createJob(addon, call, command, sequence, grammar);
    jobs.set(call, job);
    // Nothing left to compute: only with maxTokens 0, when the slot holds the prompt already.
    if (sequence.length === length) finish(job, "length");
  };

  const compose = (): { share: Share; tokens: Uint32Array; logitIndex: number | null }[] => {
    const items = [...jobs.values()].map((job) => ({
      job,
      sequenceId: job.sequence.id,
      prefillTokens: job.next === null ? job.command.tokens.length - job.sequence.length : 0,
    }));
    const shares = planBatch(items, { batchTokens: addon.batchTokens, shareGently: addon.gpu === false });
    context.initBatch(
      Math.max(
        1,
        shares.reduce((sum, share) => sum + share.tokens, 0),
      ),
    );
    return shares.map((share) => {
      const { job, prefillTokens } = share.item;
      const start = job.sequence.length;
      const tokens = job.next === null ? job.command.tokens.subarray(start, start + share.tokens) : Uint32Array.of(job.next);
      const wantsLogits = share.tokens >= prefillTokens && job.command.maxTokens > 0;
      const indexes = context.addToBatch(
        share.item.sequenceId,
        start,
        tokens,
        Uint32Array.from(wantsLogits ? [share.tokens - 1] : []),
      );
      return { share, tokens, logitIndex: indexes[0] ?? null };
    });
  };

  const accept = (job: Job, { token, logprobs }: Sample) => {
    if (model.isEogToken(token)) return finish(job, "end-token");
    job.decoded++;
    events.push([job.call, { type: "tokens", tokens: [token], text: job.text.push(token), logprobs }]);
    job.next = token;
    const full = job.sequence.length >= options.contextTokens;
    if (full || job.decoded >= job.command.maxTokens) finish(job, "length");
  };

  /** A job whose sampling hangs is refused and the process ends: the pool thread that hangs cannot be taken back. */
  const sampleAll = async (parts: ReturnType<typeof compose>): Promise<void> => {
    const open = new Set(parts.map((part) => part.share.item.job));
    const overdue = setTimeout(() => {
      for (const job of open) {
        if (job.command.grammar !== null) refuse(job.call, "grammar-rejected", new Error("sampling under it hangs"));
      }
      // Long enough for the messages to reach the pipe.
      setTimeout(() => process.kill(process.pid, "SIGKILL"), 100);
    }, SAMPLING_BUDGET_MS);
    await Promise.all(
      parts.map(
        async ({
          share: {
            item: { job },
          },
          logitIndex,
        }) => {
          try {
            if (logitIndex !== null) accept(job, await sample(addon, job, logitIndex));
          } catch (error) {
            end(job);
            refuse(job.call, "error", error);
          } finally {
            open.delete(job);
          }
        },
      ),
    );
    clearTimeout(overdue);
  };

  const step = async () => {
    const parts = compose();
    context.setThreads(governor.threads);
    governor.stepStarts(readCpu());
    const computed = context.decodeBatch();
    // The events of the step before leave while this one computes in its own thread.
    flush();
    try {
      await computed;
    } catch (error) {
      for (const {
        share: {
          item: { job },
        },
      } of parts) {
        end(job);
        job.sequence.clear();
        refuse(job.call, "error", error);
      }
      return;
    }
    // On a GPU the processor's threads are idle while they wait, which would read as a crowded machine.
    if (addon.gpu === false) governor.stepEnded(readCpu());
    for (const {
      share: {
        item: { job },
      },
      tokens,
    } of parts) {
      const wasPrefill = job.next === null;
      job.sequence.append(tokens);
      if (!wasPrefill) continue;
      const total = job.command.tokens.length;
      const done = job.sequence.length;
      events.push([job.call, { type: "prefill", done, total, cached: job.cachedTokens }]);
      if (done < total) continue;
      job.prefillMs = performance.now() - job.startedMs;
      if (job.command.maxTokens === 0) finish(job, "length");
    }
    await sampleAll(parts.filter((part) => part.logitIndex !== null));
  };

  const run = async () => {
    if (running) return;
    running = true;
    while (jobs.size > 0 || waiting.length > 0) {
      if (waiting.length > 0) flush();
      for (const work of waiting.splice(0)) await work();
      if (jobs.size > 0) await step();
      // Lets cancels, new decodes and questions that have arrived meanwhile join the next step.
      await new Promise((resolve) => setImmediate(resolve));
    }
    flush();
    running = false;
  };

  // Starts, cancels and other work share one queue, so each finds the slot as its sender expects it.
  return {
    start: (call, command) => {
      waiting.push(async () => begin(call, command));
      void run();
    },
    cancel: (call) => {
      waiting.push(async () => {
        const job = jobs.get(call);
        if (job) end(job);
      });
      void run();
    },
    between: (work) =>
      new Promise((resolve, reject) => {
        waiting.push(() => work(sequences).then(resolve, reject));
        void run();
      }),
  };
}
