import type { MadeReply, StreamPart } from "../define-endpoint.ts";
import type { EndpointDeps } from "../deps.ts";
import type { PreparedTurn } from "../shared/prepare-turn.ts";
import type { Reservation } from "../../limits/limiter.ts";
import type { ReplyContext } from "../../replies/reply-context.ts";
import { createStreamReply } from "../../replies/stream-reply.ts";
import { toMessage, wireMessage } from "../../replies/to-message.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";
import { productOf } from "../shared/product-of.ts";
import { runTurn } from "../shared/run-turn.ts";
import { toReplyContext } from "../shared/to-reply-context.ts";
import type { SharedTurn } from "../shared/running-turns.ts";
import type { CreateRequest } from "./endpoint.ts";

/** What every reader of one message's turn needs to reply. */
export interface MessageTurnContext {
  readonly kind: "message";
  readonly isStream: boolean;
  /** Its service tier is known once the limits have let the turn through. */
  reply: ReplyContext;
  /** Filled once the limits have let the turn through. */
  readonly limits: { headers: Readonly<Record<string, string>>; ms: number };
  /** Resolves once `limits` is filled; never where the turn is refused. */
  readonly reserved: Promise<void>;
}

/** Names the model or pool that answered in place of the one that was asked for. */
const FALLBACK_HEADER = "parley-fallback";

export type MessageTurn = SharedTurn<MessageTurnContext>;

export function isMessageTurn(turn: SharedTurn): turn is MessageTurn {
  return (turn.context as Partial<MessageTurnContext>).kind === "message";
}

export interface BeginMessage {
  readonly identity: string;
  readonly prepared: PreparedTurn;
  readonly request: CreateRequest;
  readonly deps: EndpointDeps;
  /** Wraps the turn's events; what it awaits at the end event comes before any client sees the end. */
  readonly around?: (events: AsyncGenerator<TurnEvent, void, void>, context: MessageTurnContext) => AsyncIterable<TurnEvent>;
}

/** Begins the turn; it runs as soon as the first reader asks for an event. */
export function beginMessage({ identity, prepared, request, deps, around = (events) => events }: BeginMessage): MessageTurn {
  const { turn, model } = prepared;
  const { promise: reserved, resolve: onReserved } = Promise.withResolvers<void>();
  const context: MessageTurnContext = {
    kind: "message",
    reserved,
    isStream: request.body.stream === true,
    reply: toReplyContext(prepared, request, "standard", deps),
    limits: { headers: {}, ms: 0 },
  };
  const job = {
    principal: request.principal,
    model,
    requestedModel: request.body.model,
    turn,
    serviceTier: "standard" as const,
    mayUsePriority: request.body.service_tier !== "standard_only",
    inferenceGeo: context.reply.inferenceGeo,
    product: productOf(request.headers),
    isFailureBilled: true,
    promptBytes: request.bodyBytes.length + prepared.growthBytes,
    arrivedAtMs: request.arrivedAtMs,
    authMs: request.timing.read("auth"),
    traceparent: typeof request.headers.traceparent === "string" ? request.headers.traceparent : undefined,
  };
  const observer = {
    onReserved(reservation: Pick<Reservation, "headers" | "serviceTier">, limitsMs: number): void {
      context.reply = { ...context.reply, serviceTier: reservation.serviceTier };
      context.limits.headers = reservation.headers();
      request.setHeaders(context.limits.headers); // For a failure before the first event.
      context.limits.ms = limitsMs;
      onReserved();
    },
    onTraced: (traceparent: string) => request.setTraceparent(traceparent),
  };
  return deps.turns.begin({
    identity,
    requestId: request.requestId,
    context,
    produce: (signal) => around(runTurn(deps, job, observer, signal), context),
  });
}

/**
 * One reader's reply. Failures before the turn's start are thrown, so that a stream's refusal is plain JSON too; unless
 * the start takes long (the model has to be loaded first) and the door has opened the stream.
 */
export async function replyFromTurn(
  turn: MessageTurn,
  request: CreateRequest,
  headers: Readonly<Record<string, string>> = {},
): Promise<MadeReply> {
  const { context } = turn;
  const events = turn.events.subscribe(request.signal);
  const first = firstOf(events).then((event) => {
    if (event.type === "start" && event.fallback) request.setHeaders({ [FALLBACK_HEADER]: event.fallback.to });
    return event;
  });
  await Promise.race([context.reserved, first]);
  request.timing.add("limits", context.limits.ms);
  const all = { ...context.limits.headers, ...headers };
  if (context.isStream) {
    return { kind: "stream", headers: all, ready: first, parts: streamParts(first, events, context, request) };
  }
  const seen: TurnEvent[] = [await first];
  for await (const event of events) seen.push(event);
  const end = seen.at(-1);
  if (end?.type === "end") request.timing.addTurn(end.timings);
  const passed = wireMessage(seen);
  if (passed !== null) return { kind: "raw", contentType: "application/json", headers: all, body: passed };
  return { kind: "json", headers: all, body: toMessage(seen, context.reply) };
}

async function firstOf(events: AsyncGenerator<TurnEvent, void, void>): Promise<TurnEvent> {
  const first = await events.next();
  if (first.done) throw new Error("the turn ended before it began");
  return first.value;
}

async function* streamParts(
  first: Promise<TurnEvent>,
  rest: AsyncGenerator<TurnEvent, void, void>,
  context: MessageTurnContext,
  { timing }: CreateRequest,
): AsyncGenerator<StreamPart, void, void> {
  const reply = createStreamReply(context.reply);
  yield* reply.push(await first);
  for await (const event of rest) {
    for (const part of reply.push(event)) {
      // The header went out before these were known; a comment is what clients skip and people can read.
      if (part.event === "message_stop" && event.type === "end") {
        timing.addTurn(event.timings);
        yield { comment: `server-timing: ${timing.header()}` };
      }
      yield part;
    }
  }
}
