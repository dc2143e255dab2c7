import type { Picture } from "../../../turn/turn.ts";
import type { Piece } from "./steps.ts";
import type { StripRule } from "./template-profile.ts";

/** A piece of the prompt that is tokenized by itself. */
export type PromptRun =
  | { readonly kind: "text"; readonly text: string; readonly special: boolean; readonly parts: readonly number[] }
  | { readonly kind: "tokens"; readonly tokens: readonly number[]; readonly parts: readonly number[] }
  | { readonly kind: "picture"; readonly picture: Picture; readonly parts: readonly number[] };

export interface PromptRuns {
  readonly runs: readonly PromptRun[];
  /** The template's own text: special tokens are such. */
  template(text: string, parts?: readonly number[]): void;
  /** Text of the conversation: nothing in it is a special token. */
  content(text: string, parts: readonly number[]): void;
  /**
   * `group`: ranks that cannot be told apart here; the pieces then belong to all of them. `keepEnd`: the model goes on
   * right after the last piece, so its end stays as it is.
   */
  pieces(
    pieces: readonly Piece[],
    strip: StripRule,
    group: readonly number[] | null,
    options?: { readonly keepEnd: boolean },
  ): void;
  tokens(tokens: readonly number[], parts: readonly number[]): void;
}

export function createPromptRuns(): PromptRuns {
  const runs: PromptRun[] = [];
  const template: PromptRuns["template"] = (text, parts = []) => {
    if (text !== "") runs.push({ kind: "text", text, special: true, parts });
  };
  const content: PromptRuns["content"] = (text, parts) => {
    if (text === "") return;
    const last = runs.at(-1);
    // Tokenizers join one space to the word after it, so a space that the template leaves in front goes with the content.
    if (last?.kind === "text" && last.special && last.parts.length === 0 && /[^\s] $/.test(last.text)) {
      runs[runs.length - 1] = { ...last, text: last.text.slice(0, -1) };
      runs.push({ kind: "text", text: ` ${text}`, special: false, parts });
      return;
    }
    runs.push({ kind: "text", text, special: false, parts });
  };
  return {
    runs,
    template,
    content,
    pieces(pieces, strip, group, options) {
      let isFirst = true;
      let separated = false;
      for (const [index, piece] of pieces.entries()) {
        const parts = group ?? [piece.part];
        if (piece.picture !== undefined) {
          if (!isFirst && !separated) content(piece.separator, parts);
          runs.push({ kind: "picture", picture: piece.picture, parts });
          // A prefix may end behind any block, and engines compute no prompt that ends with a picture.
          template("\n", parts);
          isFirst = false;
          separated = true;
          continue;
        }
        const keepEnd = options?.keepEnd === true && index === pieces.length - 1;
        const text = stripText(piece.text, keepEnd ? { ...strip, end: false } : strip);
        if (text === "") continue;
        content((isFirst || separated ? "" : piece.separator) + text, parts);
        isFirst = false;
        separated = false;
      }
    },
    tokens(tokens, parts) {
      runs.push({ kind: "tokens", tokens, parts });
    },
  };
}

/** Cuts off what the template would cut off; from every block, so that a block that follows changes none before it. */
function stripText(text: string, { start, end }: StripRule): string {
  const stripped = start ? text.trimStart() : text;
  return end ? stripped.trimEnd() : stripped;
}
