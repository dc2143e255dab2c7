import type { StopReason, TurnEvent, Usage } from "../../turn/turn-event.ts";
import { completedMembers } from "../../turn/completed-members.ts";
import type { Turn } from "../../turn/turn.ts";
import { upstreamFailure } from "../upstream/upstream-failure.ts";
import type { ChatChunk } from "./api.ts";

export interface ReplyReaderOptions {
  readonly turn: Turn;
  /** About how long the prompt is, for a server that does not count it. */
  readonly promptTokens: number;
  readonly signThinking: (workspaceId: string, thinking: string) => string;
  readonly newToolUseId: () => string;
  /** Null where the value is what the schema asks; else what is wrong. */
  readonly checkOutput: (value: unknown) => string | null;
}

export interface ReplyEnd {
  readonly stopReason: StopReason;
  readonly stopSequence: string | null;
  readonly refusal: string | null;
  readonly usage: Usage;
}

/** Reads the chunks of one chat completion, in order, as the events of a turn. */
export interface ReplyReader {
  read(chunk: ChatChunk): TurnEvent[];
  /** Closes what is open. Throws where the reply is not whole. */
  end(): { readonly events: TurnEvent[]; readonly end: ReplyEnd };
}

interface OpenCall {
  name: string;
  json: string;
}

/** About; only for a reply that is left before the server counts it. */
const CHARACTERS_PER_TOKEN = 4;

export function createReplyReader(options: ReplyReaderOptions): ReplyReader {
  const { turn } = options;
  let nextIndex = 0;
  let open: { readonly type: "text" | "thinking"; readonly index: number; text: string } | null = null;
  const calls = new Map<number, OpenCall>();
  let finish: string | null = null;
  let stopSequence: string | null = null;
  let wholeText = "";
  let characters = 0;
  let usage: ChatChunk["usage"] = null;
  const isThinkingShown = turn.thinking.type !== "disabled";

  const written = (): number => Math.ceil(characters / CHARACTERS_PER_TOKEN);

  function close(): TurnEvent[] {
    if (open === null) return [];
    const { type, index, text } = open;
    open = null;
    const signature = type === "thinking" ? [signatureOf(index, text)] : [];
    return [...signature, { type: "block-stop", index }];
  }

  function signatureOf(index: number, thinking: string): TurnEvent {
    return { type: "signature-delta", index, signature: options.signThinking(turn.workspaceId, thinking) };
  }

  function piece(type: "text" | "thinking", text: string): TurnEvent[] {
    const events: TurnEvent[] = [];
    if (open?.type !== type) {
      events.push(...close());
      open = { type, index: nextIndex, text: "" };
      nextIndex += 1;
      events.push({ type: "block-start", index: open.index, block: { type } });
    }
    open.text += text;
    const { index } = open;
    const outputTokens = written();
    events.push(
      type === "text"
        ? { type: "text-delta", index, text, outputTokens }
        : { type: "thinking-delta", index, thinking: text, outputTokens },
    );
    return events;
  }

  function readCalls(deltas: NonNullable<NonNullable<NonNullable<ChatChunk["choices"]>[number]["delta"]>["tool_calls"]>): void {
    for (const [place, delta] of deltas.entries()) {
      const index = delta.index ?? (deltas.length > 1 ? place : Math.max(0, calls.size - (delta.function?.name ? 0 : 1)));
      const call = calls.get(index) ?? { name: "", json: "" };
      const given = delta.function?.arguments;
      const json = typeof given === "object" && given !== null ? JSON.stringify(given) : (given ?? "");
      call.name += delta.function?.name ?? "";
      call.json += json;
      characters += json.length;
      calls.set(index, call);
    }
  }

  /** A call goes out when it is whole: what is no JSON object then is cut to what of it is complete. */
  function callEvents(): TurnEvent[] {
    const all = [...calls].toSorted(([one], [other]) => one - other).map(([, call]) => call);
    const mayBeSeveral = turn.toolChoice.type === "none" || turn.toolChoice.parallel;
    return (mayBeSeveral ? all : all.slice(0, 1)).flatMap(({ name, json }): TurnEvent[] => {
      const index = nextIndex;
      nextIndex += 1;
      const start: TurnEvent = { type: "block-start", index, block: { type: "tool_use", id: options.newToolUseId(), name } };
      const input = toInput(json);
      const isCut = input === null && finish === "length";
      const partialJson = input === null && !isCut ? JSON.stringify(completedMembers(json)) : json.trim() === "" ? "{}" : json;
      const delta: TurnEvent = { type: "input-json-delta", index, partialJson, outputTokens: written() };
      return isCut ? [start, delta] : [start, delta, { type: "block-stop", index }];
    });
  }

  function toStop(): Pick<ReplyEnd, "stopReason" | "refusal"> {
    const stop = (stopReason: StopReason) => ({ stopReason, refusal: null });
    if (finish === "content_filter") return { stopReason: "refusal", refusal: "The model's server has filtered this reply." };
    if (finish === "length") return stop(isWindowFull() ? "model_context_window_exceeded" : "max_tokens");
    if (calls.size > 0) return stop("tool_use");
    const choice = turn.toolChoice.type;
    if (choice === "any" || choice === "tool") {
      return { stopReason: "refusal", refusal: "The model did not call a tool, which the request asks for." };
    }
    if (turn.outputSchema !== null) {
      const problem = options.checkOutput(parseOr(wholeText));
      if (problem !== null) return { stopReason: "refusal", refusal: `The reply does not satisfy the schema: ${problem}` };
    }
    return stop(stopSequence === null ? "end_turn" : "stop_sequence");
  }

  /** Fewer tokens than were asked for, and yet no more room. */
  function isWindowFull(): boolean {
    const told = usage?.completion_tokens;
    return typeof told === "number" && told > 0 && told < turn.maxTokens;
  }

  function toUsage(): Usage {
    const prompt = usage?.prompt_tokens ?? options.promptTokens;
    const cached = Math.min(prompt, usage?.prompt_tokens_details?.cached_tokens ?? 0);
    const outputTokens = Math.min(turn.maxTokens, usage?.completion_tokens ?? written());
    return {
      inputTokens: prompt - cached,
      cacheReadTokens: cached,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens,
      thinkingTokens: Math.min(outputTokens, usage?.completion_tokens_details?.reasoning_tokens ?? 0),
    };
  }

  return {
    read(chunk) {
      usage = chunk.usage ?? usage;
      const choice = chunk.choices?.[0];
      if (choice === undefined) return [];
      const { delta } = choice;
      const thinking = delta?.reasoning_content ?? delta?.reasoning ?? "";
      const text = delta?.content ?? "";
      characters += thinking.length + text.length;
      wholeText += text;
      const events: TurnEvent[] = [];
      if (thinking !== "" && isThinkingShown) events.push(...piece("thinking", thinking));
      if (text !== "") events.push(...piece("text", text));
      if (delta?.tool_calls) readCalls(delta.tool_calls);
      if (choice.finish_reason) {
        finish = choice.finish_reason;
        const matched = choice.stop_reason ?? choice.matched_stop;
        stopSequence = turn.stopSequences.find((each) => each === matched) ?? null;
      }
      return events;
    },
    end() {
      if (finish === null) throw upstreamFailure("cut", "the stream ended before the reply was complete");
      const events = [...close(), ...callEvents()];
      return { events, end: { ...toStop(), stopSequence, usage: toUsage() } };
    },
  };
}

function toInput(json: string): Readonly<Record<string, unknown>> | null {
  const value = json.trim() === "" ? {} : parseOr(json);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
}

function parseOr(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
