import { getLlama, type LlamaContext, type LlamaModel } from "node-llama-cpp";
import type { LoadOptions } from "../ipc.ts";

/**
 * The one place that touches node-llama-cpp. It loads by the public API and then drives the native context below the
 * package's own batching loop, because that loop hands sequences to llama.cpp in the order in which their sampling
 * happened to finish, and llama.cpp computes sequences together only where their ids go up by one: eight streams then
 * take several passes over the weights per token (docs/decisions/2026-11-21-own-batch-loop.md). The native classes
 * are internal to the package, whose version is pinned exactly; `requireMethods` says so clearly when one is missing.
 */
export interface NativeContext {
  initBatch(tokens: number): void;
  /** Returns one index for each of `logitIndexes`, to sample from after `decodeBatch`. */
  addToBatch(sequence: number, position: number, tokens: Uint32Array, logitIndexes: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  sampleToken(logitIndex: number, sampler: NativeSampler): Promise<number>;
  sampleToken(
    logitIndex: number,
    sampler: NativeSampler,
    probabilities: false,
    confidence: false,
    logits: readonly [filter: readonly number[], max: boolean, min: boolean, selected: boolean, top: number],
    totalWeight: true,
  ): Promise<readonly [token: number, _: unknown, __: unknown, logits: readonly number[], totalWeight: number]>;
  /** Removes [start, end); false when the layout cannot. */
  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean;
  disposeSequence(sequence: number): void;
  getSequenceKvCacheMaxPosition(sequence: number): number;
  saveSequenceStateToFile(file: string, sequence: number, tokens: Uint32Array): Promise<number>;
  loadSequenceStateFromFile(file: string, sequence: number, capacity: number): Promise<Uint32Array>;
  setThreads(threads: number): void;
}

export interface SamplerConfig {
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly seed?: number;
  readonly grammarEvaluationState?: object;
}

export interface NativeSampler {
  applyConfig(config: SamplerConfig): void;
  dispose(): void;
}

export interface NativeModel {
  tokenize(text: string, special: boolean): Uint32Array;
  detokenize(tokens: Uint32Array, special: boolean): string;
  isEogToken(token: number): boolean;
}

export interface Addon {
  readonly context: NativeContext;
  readonly model: NativeModel;
  readonly gpu: string | false;
  /** Most tokens that one batch may hold. */
  readonly batchTokens: number;
  createSampler(config: SamplerConfig): NativeSampler;
  /** A fresh state of a compiled grammar. Throws when the grammar does not parse. */
  createGrammar(gbnf: string): object;
}

type NativeConstructor<Args extends unknown[], Instance> = new (...args: Args) => Instance;

interface Bindings {
  readonly AddonSampler: NativeConstructor<[NativeModel], NativeSampler>;
  readonly AddonGrammar: NativeConstructor<[string, { addonExports: Bindings; rootRuleName: string }], object>;
  readonly AddonGrammarEvaluationState: NativeConstructor<[NativeModel, object], object>;
}

/** A cancelled prompt ends with its step, so it is short where that costs nothing. Processor time for a prompt
 *  token, batches of 64 / 128 / 256 / 512: SmolLM2 2.55 / 2.34 / 2.35 / 2.38 ms, Qwen 0.5B 9.93 / 9.73 / 9.72 / 9.74 ms. */
const CPU_BATCH_TOKENS = 128;
const GPU_BATCH_TOKENS = 512;

/** Loads the model and its context. Throws with llama.cpp's own words when it cannot. */
export async function loadAddon(options: LoadOptions, onProgress: (fraction: number) => void): Promise<Addon> {
  const { file, slots, contextTokens, threads, gpu } = options;
  const llama = await getLlama({
    gpu,
    // The child never builds and never downloads: an engine that compiles for ten minutes looks like a hang.
    build: "never",
    skipDownload: true,
    progressLogs: false,
    // The package's default is at least 4 threads; on 2 cores their spinning barriers halve the speed.
    maxThreads: threads,
    logger: (_level, message) => process.stderr.write(message.endsWith("\n") ? message : `${message}\n`),
  });
  // Without a GPU the parent has planned the memory; with one, the package decides how many layers fit it.
  const onCpu = llama.gpu === false;
  const batchTokens = options.batchTokens ?? (onCpu ? CPU_BATCH_TOKENS : GPU_BATCH_TOKENS);
  const model = await llama.loadModel({
    modelPath: file,
    onLoadProgress: onProgress,
    ignoreMemorySafetyChecks: onCpu,
    gpuLayers: onCpu ? 0 : { fitContext: { contextSize: contextTokens * slots } },
  });
  const context = await model.createContext({
    contextSize: contextTokens,
    sequences: slots,
    batchSize: batchTokens,
    threads,
    flashAttention: "auto",
    ignoreMemorySafetyChecks: onCpu,
    failedCreationRemedy: false,
  });
  const { _ctx, _bindings, _model } = internals(context, model);
  _ctx.setThreads(threads);
  return {
    context: _ctx,
    model: _model,
    gpu: llama.gpu,
    batchTokens,
    createSampler: (config) => {
      const sampler = new _bindings.AddonSampler(_model);
      sampler.applyConfig(config);
      return sampler;
    },
    createGrammar: (gbnf) => {
      const grammar = new _bindings.AddonGrammar(gbnf, { addonExports: _bindings, rootRuleName: "root" });
      return new _bindings.AddonGrammarEvaluationState(_model, grammar);
    },
  };
}

function internals(context: LlamaContext, model: LlamaModel) {
  const { _ctx } = context as unknown as { _ctx: NativeContext };
  const { _model, _llama } = model as unknown as { _model: NativeModel; _llama: { _bindings: Bindings } };
  requireMethods(_ctx, [
    "initBatch",
    "addToBatch",
    "decodeBatch",
    "sampleToken",
    "removeTokenCellsFromSequence",
    "disposeSequence",
    "getSequenceKvCacheMaxPosition",
    "saveSequenceStateToFile",
    "loadSequenceStateFromFile",
    "setThreads",
  ]);
  requireMethods(_model, ["tokenize", "detokenize", "isEogToken"]);
  requireMethods(_llama?._bindings, ["AddonSampler", "AddonGrammar", "AddonGrammarEvaluationState"]);
  return { _ctx, _model, _bindings: _llama._bindings };
}

function requireMethods<T extends object>(native: T, names: readonly (keyof T & string)[]): void {
  const missing = names.filter((name) => typeof native?.[name] !== "function");
  if (missing.length > 0) {
    throw new Error(`this version of node-llama-cpp lacks ${missing.join(", ")}: install the version that Parley pins`);
  }
}
