import type { Clock } from "../../platform/clock.ts";
import { NOTHING_USED } from "../../turn/add-usage.ts";
import type { TurnEvent, WireEvent } from "../../turn/turn-event.ts";
import type { Turn, WireRequest } from "../../turn/turn.ts";
import { traceHeader } from "../upstream/trace-header.ts";
import { readEventBatches, type ServerSentEvent } from "../upstream/read-events.ts";
import { parseJsonOr, readWhole } from "../upstream/read-whole.ts";
import type { UpstreamClient, UpstreamReply } from "../upstream/upstream-client.ts";
import type { UpstreamDriver } from "../upstream/upstream-driver.ts";
import { upstreamFailure } from "../upstream/upstream-failure.ts";
import { objectOf, readUsage } from "./read-usage.ts";
import { toUpstreamFailure } from "./to-upstream-failure.ts";
import { withModel } from "./with-model.ts";

export interface AnthropicUpstreamOptions {
  readonly client: UpstreamClient;
  /** How long a stream may be silent; pings count. */
  readonly silenceMs: number;
  /** How long a reply that is not streamed may take. */
  readonly wholeMs: number;
  /** Whether a reply that is not streamed is read to its end though its client has left: only its end says what it cost. */
  readonly finishesLeft: boolean;
  readonly clock: Clock;
}

const MESSAGE_MAX_BYTES = 64 * 1024 * 1024;
const ERROR_MAX_BYTES = 1024 * 1024;
const PROBE_MS = 10_000;
/** A rough count of what has been written, for a stream that is left before its upstream tells it. */
const CHARACTERS_PER_TOKEN = 4;

type Json = Readonly<Record<string, unknown>>;

/** Any server of the Messages protocol: requests and events go through as they are. */
export function createAnthropicUpstream(options: AnthropicUpstreamOptions): UpstreamDriver {
  const { client, silenceMs, wholeMs, finishesLeft, clock } = options;

  async function send(path: string, turn: Turn, model: string | null, isStream: boolean, signal: AbortSignal) {
    const wire = wireOf(turn);
    const reply = await client.send(wire.isBetaPath ? `${path}?beta=true` : path, {
      body: withModel(wire.bytes, model ?? wire.body.model),
      headers: { ...wire.headers, ...traceHeader(turn), accept: isStream ? "text/event-stream" : "application/json" },
      silenceMs: isStream ? silenceMs : wholeMs,
      signal,
    });
    if (reply.status !== 200) await refuse(reply, model !== null);
    return reply;
  }

  async function refuse({ status, headers, body }: UpstreamReply, isModelOurs: boolean): Promise<never> {
    const text = await readWhole(body, ERROR_MAX_BYTES);
    throw toUpstreamFailure({ status, headers, text, isModelOurs, nowMs: clock.nowMs() });
  }

  async function readJson(reply: UpstreamReply): Promise<{ readonly json: string; readonly value: Json }> {
    const json = await readWhole(reply.body, MESSAGE_MAX_BYTES);
    if (json === "") throw upstreamFailure("cut", "a reply without a byte");
    return { json, value: toObject(json, reply) };
  }

  /** Throws for what is no JSON object, and for an error, whatever its status. */
  function toObject(json: string, { headers }: Pick<UpstreamReply, "headers">): Json {
    const value = parseJsonOr(json);
    if (typeof value !== "object" || value === null) throw upstreamFailure("broken", `no JSON object: ${json.slice(0, 500)}`);
    if ((value as Json)["type"] === "error")
      throw toUpstreamFailure({ status: null, headers, text: json, isModelOurs: true, nowMs: clock.nowMs() });
    return value as Json;
  }

  async function* passWhole(
    reply: UpstreamReply,
    begunMs: number,
    at: Passing,
    signal: AbortSignal,
  ): AsyncGenerator<TurnEvent, void, void> {
    const { json, value } = await readJson(reply);
    if (value["type"] !== "message") throw upstreamFailure("broken", `no message: ${json.slice(0, 500)}`);
    const usage = readUsage(value["usage"], NOTHING_USED, at.outputMax);
    if (signal.aborted) {
      yield { type: "start", usage, ...idOf(value) };
      throw signal.reason;
    }
    yield { type: "start", usage: { ...usage, outputTokens: 0, thinkingTokens: 0 }, ...idOf(value) };
    const message = at.renameTo === null ? json : JSON.stringify({ ...value, model: at.renameTo });
    const waitedMs = clock.monotonicMs() - begunMs;
    yield { ...endOf(value, usage, { prefillMs: waitedMs, decodeMs: 0 }), message };
  }

  async function* passStream(reply: UpstreamReply, begunMs: number, at: Passing): AsyncGenerator<TurnEvent, void, void> {
    const see = createStreamReader(reply, begunMs, at);
    for await (const events of readEventBatches(reply.body)) {
      const passed: WireEvent[] = [];
      let outputTokens: number | undefined;
      let outcome: End | { readonly type: "failed"; readonly error: unknown } | null = null;
      for (const event of events) {
        const seen = see(event);
        if (seen === null) continue;
        if (seen.type === "start") yield seen;
        else if (seen.type === "wire") {
          passed.push(...seen.events);
          outputTokens = seen.outputTokens ?? outputTokens;
        } else {
          outcome = seen;
          break;
        }
      }
      if (passed.length > 0) yield { type: "wire", events: passed, ...(outputTokens === undefined ? {} : { outputTokens }) };
      if (outcome?.type === "failed") throw outcome.error;
      if (outcome?.type === "end") {
        reply.finish();
        return yield outcome;
      }
    }
    throw upstreamFailure("cut", "the stream ended before the reply was complete");
  }

  /** What each event of a stream is to us. A failure is told and not thrown, as what came before it goes out first. */
  function createStreamReader(reply: UpstreamReply, begunMs: number, at: Passing) {
    let usage = NOTHING_USED;
    let startedMs: number | null = null;
    let characters = 0;
    let deltas = 0;
    let last: { readonly event: WireEvent; readonly delta: Json } | null = null;

    function read({ name, data }: ServerSentEvent): Extract<TurnEvent, { type: "start" | "wire" | "end" }> | null {
      const json = data.includes("\n") ? data.replaceAll("\n", " ") : data;
      const value = toObject(json, reply);
      const type = typeof value["type"] === "string" ? value["type"] : name;
      const event: WireEvent = { name: type, json };
      if (startedMs === null) {
        if (type === "ping") return null;
        if (type !== "message_start") throw upstreamFailure("broken", `a stream that begins with ${type}`);
        const message = objectOf(value["message"]);
        usage = readUsage(message["usage"], NOTHING_USED, at.outputMax);
        startedMs = clock.monotonicMs();
        const renamed = at.renameTo === null ? json : JSON.stringify({ ...value, message: { ...message, model: at.renameTo } });
        return { type: "start", usage, ...idOf(message), wire: { name: type, json: renamed } };
      }
      if (type === "message_delta") {
        const before = last;
        usage = readUsage(value["usage"], usage, at.outputMax);
        last = { event, delta: objectOf(value["delta"]) };
        return before === null ? null : { type: "wire", events: [before.event] };
      }
      if (type === "message_stop") {
        if (last === null) throw upstreamFailure("broken", "a stream that stops without saying why");
        const times = { prefillMs: startedMs - begunMs, decodeMs: clock.monotonicMs() - startedMs };
        return { ...endOf(last.delta, usage, times), wire: [last.event, event] };
      }
      const delta = type === "content_block_delta" ? deltaCharacters(value["delta"]) : null;
      if (delta === null) return { type: "wire", events: [event] };
      characters += delta;
      deltas += 1;
      const written = Math.max(deltas, Math.ceil(characters / CHARACTERS_PER_TOKEN));
      return { type: "wire", events: [event], outputTokens: Math.min(at.outputMax, Math.max(usage.outputTokens, written)) };
    }

    return (event: ServerSentEvent) => {
      try {
        return read(event);
      } catch (error) {
        return { type: "failed" as const, error };
      }
    };
  }

  async function count(turn: Turn, model: string | null, signal: AbortSignal): Promise<Json> {
    const reply = await send("/v1/messages/count_tokens", turn, model, false, signal);
    return (await readJson(reply)).value;
  }

  return {
    async *run(turn, { model, isFallback }, signal) {
      const wire = wireOf(turn);
      const begunMs = clock.monotonicMs();
      signal.throwIfAborted();
      const until = finishesLeft && !wire.isStream ? new AbortController().signal : signal;
      const reply = await send("/v1/messages", turn, model, wire.isStream, until);
      const at: Passing = {
        renameTo: model === null || isFallback ? null : wire.modelId,
        // An upstream that runs tools itself may decode more than once.
        outputMax: turn.serverTools === undefined ? turn.maxTokens : Infinity,
      };
      yield* wire.isStream ? passStream(reply, begunMs, at) : passWhole(reply, begunMs, at, signal);
    },
    async countTokens(turn, model, signal) {
      const tokens = (await count(turn, model, signal))["input_tokens"];
      if (typeof tokens !== "number" || !Number.isInteger(tokens)) throw upstreamFailure("broken", "a count that is no count");
      return tokens;
    },
    countOnWire: count,
    async probe(signal) {
      const headers = { "anthropic-version": "2023-06-01" };
      const reply = await client.send("/v1/models?limit=1", { headers, silenceMs: PROBE_MS, signal });
      // A server of the protocol without this list is well, too.
      if (reply.status === 200 || reply.status === 404 || reply.status === 405) await readWhole(reply.body, MESSAGE_MAX_BYTES);
      else await refuse(reply, true);
    },
    close: () => client.close(),
  };
}

interface Passing {
  /** The model's name in the reply; null: as the upstream has it. */
  readonly renameTo: string | null;
  readonly outputMax: number;
}

type End = Extract<TurnEvent, { type: "end" }>;

function endOf(told: Json, usage: End["usage"], times: { readonly prefillMs: number; readonly decodeMs: number }): End {
  return {
    type: "end",
    // Only the ledger and the span read it: the client gets the upstream's own word.
    stopReason: (wordOf(told["stop_reason"]) ?? "end_turn") as End["stopReason"],
    stopSequence: typeof told["stop_sequence"] === "string" ? told["stop_sequence"] : null,
    refusal: null,
    usage,
    timings: { renderMs: 0, queueMs: 0, restoreMs: 0, ...times },
    cacheMissReason: null,
  };
}

function idOf(message: Json): { readonly messageId?: string } {
  const messageId = wordOf(message["id"]);
  return messageId === null ? {} : { messageId };
}

/** What the ledger can keep: a database refuses a text with a NUL, and the turn's row with it. */
function wordOf(value: unknown): string | null {
  return typeof value === "string" && /^[\x21-\x7e]{1,200}$/.test(value) ? value : null;
}

function deltaCharacters(value: unknown): number {
  const delta = objectOf(value);
  const text = delta["text"] ?? delta["thinking"] ?? delta["partial_json"];
  return typeof text === "string" ? text.length : 0;
}

function wireOf(turn: Turn): WireRequest {
  if (turn.wire === undefined) throw new Error("a turn without its request cannot be passed on");
  return turn.wire;
}
