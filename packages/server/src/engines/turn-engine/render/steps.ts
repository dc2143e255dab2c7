import type { Picture } from "../../../turn/turn.ts";
import type { AssistantShape } from "./step-shape.ts";

/** Text of one block as the model will read it. It is tokenized by itself. */
export interface Piece {
  readonly text: string;
  /** Shown in place of a text. */
  readonly picture?: Picture;
  /** Rank of the block that it stands for. */
  readonly part: number;
  /** What stands between the piece before and this one; dropped in front of the first. */
  readonly separator: string;
}

export interface CallPieces {
  readonly id: string;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly part: number;
}

export interface UserStep {
  readonly kind: "user";
  readonly pieces: Piece[];
}

export interface AssistantStep {
  readonly kind: "assistant";
  readonly shape: AssistantShape;
  readonly reasoning: readonly Piece[];
  /** It holds thinking, be it printed as such or within its text. */
  readonly thinks: boolean;
  readonly text: readonly Piece[];
  readonly calls: readonly CallPieces[];
  /** Ranks of all its blocks. */
  readonly parts: readonly number[];
  /** It was folded, and would have been printed otherwise with fewer blocks: only the end of all of it is a place to cut. */
  readonly grouped: boolean;
  /** Tokens that made exactly this content; they stand for all of it. */
  readonly replay: readonly number[] | null;
}

export interface ToolResultPieces {
  readonly id: string;
  readonly name: string;
  readonly pieces: Piece[];
}

export interface ToolsStep {
  readonly kind: "tools";
  /** Of the assistant step before. */
  readonly shape: AssistantShape;
  readonly calls: readonly CallPieces[];
  readonly results: readonly ToolResultPieces[];
}

/** A conversation in the few forms that a template can print, in alternation: user or tools, then assistant. */
export type Step = UserStep | AssistantStep | ToolsStep;
