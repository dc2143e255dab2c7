import type { TurnEvent } from "../../../turn/turn-event.ts";
import type { Turn } from "../../../turn/turn.ts";
import type { DecodeEvent, DecodeRequest, TokenBackend } from "../../backend.ts";
import { BlockWriter } from "../block-writer.ts";
import { createCiter } from "../citations/create-citer.ts";
import { Decoder } from "../decoder.ts";
import { generateReply } from "../generate-reply.ts";
import type { ReplyEnding, ReplyState } from "../reply-state.ts";
import type { Family } from "../render/detect-family.ts";
import { turnOf, user } from "../render/testing/turns.ts";
import { createToolSyntax } from "../syntax/create-tool-syntax.ts";

/** What the model writes in one decode: text of which each character is a token, tokens, or why it is refused. */
export type ScriptedDecode = string | readonly string[] | Error;

export interface ScriptedReply {
  readonly events: readonly TurnEvent[];
  readonly ending: ReplyEnding & { readonly thinkingTokens: number };
  /** The text of the tokens that a later turn would replay. */
  readonly log: string;
  readonly outputTokens: number;
  readonly notes: readonly string[];
  /** The grammar of each decode. */
  readonly grammars: readonly (string | null)[];
  /** Texts of ours that were made tokens. */
  readonly tokenized: readonly string[];
}

const PROMPT = [1, 2, 3];

export const plainTurn: Turn = turnOf({
  workspaceId: "w",
  weights: "weights",
  messages: [user("Hi")],
  toolChoice: { type: "none" },
  maxTokens: 1000,
  contextOverflow: "stop",
});

/** Runs one reply over an engine that writes what the script says, decode by decode, whatever the grammar. */
export async function runScripted(
  turn: Partial<Turn>,
  script: readonly ScriptedDecode[],
  options: Partial<Pick<ReplyState, "gate" | "renderWithNote" | "prefilled">> & {
    readonly family?: Family;
    readonly thinkingNative?: boolean;
    readonly insideThought?: boolean;
  } = {},
): Promise<ScriptedReply> {
  const whole: Turn = { ...plainTurn, ...turn };
  const decodes = [...script];
  const grammars: (string | null)[] = [];
  const notes: string[] = [];
  const tokenized: string[] = [];
  const backend = {
    model: { canTruncate: true },
    tokenize: async (text: string) => {
      tokenized.push(text);
      return Array.from(text, (character) => character.codePointAt(0) ?? 0);
    },
    async *decode(request: DecodeRequest): AsyncGenerator<DecodeEvent> {
      grammars.push(request.grammar);
      const next = decodes.shift() ?? "";
      if (next instanceof Error) throw next;
      const pieces = Array.from(next);
      for (const text of pieces.slice(0, request.maxTokens)) {
        yield { type: "tokens", tokens: [text.codePointAt(0) ?? 0], text, logprobs: null };
      }
      const reason = pieces.length >= request.maxTokens ? "length" : "end-token";
      yield { type: "end", reason, cachedTokens: 0, prefillMs: 0, decodeMs: 0 };
    },
  } as unknown as TokenBackend;
  const decoder = new Decoder({
    backend,
    lease: { slot: 0, residentTokens: 0, setResident: () => {}, release: () => {} },
    prompt: { tokens: PROMPT },
    roomTokens: whole.maxTokens,
    reusePrefix: false,
    monotonicMs: () => 0,
    signal: new AbortController().signal,
  });
  let ids = 0;
  const reply = generateReply(
    {
      turn: whole,
      backend,
      syntax: createToolSyntax(options.family ?? "hermes"),
      decoder,
      writer: new BlockWriter(() => decoder.log.tokens.length),
      sampler: { temperature: 0.7, topP: 1, topK: 0 },
      endsAtWindow: false,
      prefilled: options.prefilled ?? false,
      clock: { nowMs: () => 0, monotonicMs: () => 0 },
      gate: options.gate ?? null,
      renderWithNote: options.renderWithNote ?? (async () => null),
      citer: createCiter(whole),
      signThinking: () => "signature",
      newToolUseId: () => `toolu_${++ids}`,
      note: (what) => notes.push(what),
    },
    { thinkingNative: options.thinkingNative ?? false, insideThought: options.insideThought ?? false },
  );
  const events: TurnEvent[] = [];
  for (;;) {
    const step = await reply.next();
    if (step.done) {
      const { text, tokens } = decoder.log;
      return { events, ending: step.value, log: text, outputTokens: tokens.length, notes, grammars, tokenized };
    }
    events.push(step.value);
  }
}

/** The blocks of a reply, each with its text or its input's JSON. */
export function blocksOf(events: readonly TurnEvent[]): readonly string[] {
  const blocks: string[] = [];
  for (const event of events) {
    if (event.type === "block-start") {
      blocks.push(event.block.type === "tool_use" ? `${event.block.name} ` : `${event.block.type}: `);
    } else if (event.type === "text-delta") blocks[event.index] += event.text;
    else if (event.type === "thinking-delta") blocks[event.index] += event.thinking;
    else if (event.type === "input-json-delta") blocks[event.index] += event.partialJson;
  }
  return blocks;
}
