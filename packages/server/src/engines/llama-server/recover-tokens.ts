import type { z } from "zod";
import { TokenizePiecesReply } from "./api.ts";
import type { EngineSocket } from "./engine-socket.ts";

/**
 * llama-server sends nothing while a character is incomplete, and then only the last token's id with the bytes of all.
 * The ids in between are those of the text's own tokenization, which is nearly always what was decoded; where it was
 * not, the ids still spell the same bytes, and the next decode of the slot recomputes a few tokens.
 */
export async function recoverTokens(
  socket: EngineSocket,
  content: string,
  last: number | undefined,
  count: number,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const { tokens } = await socket.call("/tokenize", TokenizePiecesReply, {
    body: { content, add_special: false, parse_special: false, with_pieces: true },
    signal,
  });
  return settleRecovered(tokens, content, last, count);
}

/** The ids of `count` tokens that spell `content` and end with `last` (if that is known), as far as they agree. */
export function settleRecovered(
  pieces: z.infer<typeof TokenizePiecesReply>["tokens"],
  content: string,
  last: number | undefined,
  count: number,
): readonly number[] {
  // SentencePiece vocabularies put a space in front of any text.
  const first = pieces[0];
  const padded = first !== undefined && pieces.length > 1 && first.piece === " " && !content.startsWith(" ");
  const ids = (padded ? pieces.slice(1) : pieces).map(({ id }) => id);
  return last !== undefined && ids.length === count ? [...ids.slice(0, -1), last] : ids;
}
