import { CompleteRequest, Completion, CompletionStreamEvent, parseComplete } from "@parley/wire";
import { fail } from "../../platform/fail.ts";
import { newId } from "../../platform/ids.ts";
import { type CompletionContext, toCompletion, toCompletionEvent } from "../../replies/completion-reply.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";
import { defineEndpoint, type EndpointReply, type StreamPart, type WorkspaceRequest } from "../define-endpoint.ts";
import type { EndpointDeps } from "../deps.ts";
import { MESSAGES_BODY_MAX_BYTES } from "../shared/body-limit.ts";
import { prepareTurn } from "../shared/prepare-turn.ts";
import { productOf } from "../shared/product-of.ts";
import { runTurn } from "../shared/run-turn.ts";
import { toBody } from "../shared/to-body.ts";
import { toMessagesBody } from "./to-messages-body.ts";

/** The legacy text completion, on the same path as messages. */
export const complete = defineEndpoint({
  name: "complete",
  summary: "Complete a prompt (legacy)",
  method: "POST",
  path: "/v1/complete",
  permission: "workspace",
  isLogged: true,
  body: { schema: CompleteRequest, maxBytes: MESSAGES_BODY_MAX_BYTES, parse: (json) => toBody(parseComplete(json)) },
  reply: { schema: Completion, events: CompletionStreamEvent },
  handle: completePrompt,
});

async function completePrompt(request: WorkspaceRequest<CompleteRequest>, deps: EndpointDeps): Promise<EndpointReply> {
  const { turn, model, inferenceGeo } = await prepareTurn(toMessagesBody(request.body), request, deps);
  if (turn.wire)
    throw fail("invalid_request_error", { public: `model: ${model.id} does not serve /v1/complete; use /v1/messages.` });
  const context: CompletionContext = { completionId: newId("compl"), model: model.id, requestId: request.requestId };
  const job = {
    principal: request.principal,
    model,
    requestedModel: request.body.model,
    turn,
    serviceTier: "standard" as const,
    inferenceGeo: model.rules.inferenceGeo ? inferenceGeo : "not_available",
    product: productOf(request.headers),
    isFailureBilled: true,
    promptBytes: request.bodyBytes.length,
    arrivedAtMs: request.arrivedAtMs,
    authMs: request.timing.read("auth"),
    traceparent: undefined,
  };
  const observer = {
    onReserved(reservation: { headers(): Readonly<Record<string, string>> }, limitsMs: number): void {
      request.setHeaders(reservation.headers());
      request.timing.add("limits", limitsMs);
    },
    onTraced: (traceparent: string) => request.setTraceparent(traceparent),
  };
  const shared = deps.turns.begin({
    identity: request.requestId, // Legacy clients are never joined.
    requestId: request.requestId,
    context: {},
    produce: (signal) => runTurn(deps, job, observer, signal),
  });
  const events = shared.events.subscribe(request.signal);
  const first = await events.next();
  if (first.done) throw new Error("the turn ended before it began");
  if (request.body.stream === true) return { kind: "stream", parts: streamParts(events, context) };
  const seen: TurnEvent[] = [first.value];
  for await (const event of events) seen.push(event);
  const end = seen.at(-1);
  if (end?.type === "end") request.timing.addTurn(end.timings);
  return { kind: "json", body: toCompletion(seen, context) };
}

async function* streamParts(
  events: AsyncGenerator<TurnEvent, void, void>,
  context: CompletionContext,
): AsyncGenerator<StreamPart, void, void> {
  yield { event: "ping", data: { type: "ping" } };
  for await (const event of events) {
    const data = toCompletionEvent(event, context);
    if (data) yield { event: "completion", data };
  }
}
