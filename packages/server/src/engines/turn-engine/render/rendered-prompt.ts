import type { CacheTtl, Turn } from "../../../turn/turn.ts";
import type { PromptPart } from "../../backend.ts";

/** The end of a block of the request in the token sequence: a place where a cached prefix may end. */
export interface Boundary {
  /** Number of tokens before it. */
  readonly position: number;
  /** Path in the request: `tools.3`, `system.0`, `messages.2.content.1`. Ascending in logical order. */
  readonly path: string;
  /** Set on a cache breakpoint (explicit or automatic). */
  readonly ttl: CacheTtl | null;
}

/** The one render of a turn: counting, caching and decoding all use it (promise 4). */
export interface RenderedPrompt {
  /** Everything up to where the model goes on: the generation prompt and, if any, the prefill. */
  readonly tokens: readonly number[];
  /** Present where the prompt holds pictures: what all of `tokens` stand for. */
  readonly pictured?: readonly PromptPart[];
  /** The model goes on within a thought: its template has opened one, and the turn wants one; or a prefill has. */
  readonly insideThought: boolean;
  /** Every block end, ascending in position. */
  readonly boundaries: readonly Boundary[];
  /** Hashes of the logical parts, to say why a cache missed. */
  readonly partHashes: {
    readonly model: string;
    readonly tools: string;
    readonly system: string;
    readonly messages: readonly string[];
  };
}

/** Renders turns for one model. Deterministic: the same turn gives the same tokens (while replayed outputs last). */
export interface PromptRenderer {
  render(turn: Turn): Promise<RenderedPrompt>;
  /** Remembers the tokens that made a reply, so that a later turn replays them rather than a re-render. */
  remember(workspaceId: string, reply: ReplyContent, tokens: readonly number[]): void;
}

/** A reply's content as the client will send it back. */
export type ReplyContent = Extract<Turn["messages"][number], { role: "assistant" }>["content"];
