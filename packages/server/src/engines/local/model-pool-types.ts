import type { TokenBackend } from "../backend.ts";
import type { GgufFacts } from "../gguf/gguf-facts.ts";

export type BackendKind = Exclude<TokenBackend["kind"], "vllm" | "sglang">;
export type StartedBackend = TokenBackend & { readonly kind: BackendKind; readonly pid: number };

export interface StartRequest {
  readonly file: string;
  readonly facts: GgufFacts;
  /** What shows it pictures; null: it sees nothing. */
  readonly projector: LocalProjector | null;
  readonly slots: number;
  readonly contextTokens: number;
  readonly signal: AbortSignal;
  /** 0 to 1. */
  readonly onLoadProgress: (fraction: number) => void;
  readonly onLogLine: (line: string) => void;
}
export type StartBackend = (request: StartRequest) => Promise<StartedBackend>;

export interface LocalProjector {
  readonly file: string;
  readonly bytes: number;
  readonly fingerprint: string;
}

export interface LocalFile {
  readonly name: string;
  readonly title: string;
  readonly file: string;
}

/** The weights on disk, by name. */
export interface LocalFiles {
  list(): Promise<readonly LocalFile[]>;
  find(name: string): Promise<LocalFile | undefined>;
}

export type ModelState = "loading" | "ready" | "waiting-to-restart";

/** One model as a console shows it. */
export interface ModelStatus {
  readonly weights: string;
  readonly state: ModelState;
  readonly kind: BackendKind | null;
  readonly pid: number | null;
  readonly slots: number;
  /** Tokens per slot; null before it is planned. */
  readonly contextTokens: number | null;
  /** What the memory plan counts for it. */
  readonly plannedBytes: number;
  /** 0 to 1 while loading. */
  readonly loadProgress: number;
  /** Turns that hold it now. */
  readonly leases: number;
  readonly loadedAtMs: number | null;
  readonly lastUsedMs: number;
  /** Times its process died. */
  readonly crashes: number;
  readonly lastFault: string | null;
}

export interface PoolStatus {
  readonly models: readonly ModelStatus[];
  readonly plannedBytes: number;
  /** Null: what the machine has free. */
  readonly budgetBytes: number | null;
}

export interface Lease {
  readonly backend: TokenBackend;
  /** Safe to call twice. */
  release(): void;
}
