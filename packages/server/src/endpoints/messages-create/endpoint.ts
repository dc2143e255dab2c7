import { ErrorEnvelope, Message, MessagesCreateRequest, parseMessagesCreate, StreamEvent } from "@parley/wire";
import { needsReading } from "../../documents/find-media.ts";
import { defineEndpoint, type EndpointReply, type MadeReply, type WorkspaceRequest } from "../define-endpoint.ts";
import type { EndpointDeps } from "../deps.ts";
import { MESSAGES_BODY_MAX_BYTES } from "../shared/body-limit.ts";
import { prepareTurn } from "../shared/prepare-turn.ts";
import { retryCount } from "../shared/running-turns.ts";
import { toBody } from "../shared/to-body.ts";
import { idempotencyKey, idempotentReply } from "./idempotent-reply.ts";
import { requestIdentity } from "./request-identity.ts";
import { beginMessage, isMessageTurn, replyFromTurn } from "./message-turn.ts";

export type CreateRequest = WorkspaceRequest<MessagesCreateRequest>;

/** Makes a message: whole, or as a stream of events. See docs/decisions/2026-11-21-idempotency-and-joining.md. */
export const messagesCreate = defineEndpoint({
  name: "messages-create",
  summary: "Create a message",
  method: "POST",
  path: "/v1/messages",
  permission: "workspace",
  forClaudeCode: true,
  isLogged: true,
  body: {
    schema: MessagesCreateRequest,
    maxBytes: MESSAGES_BODY_MAX_BYTES,
    parse: (json, protocol) => toBody(parseMessagesCreate(json, protocol)),
  },
  reply: { schema: Message, events: StreamEvent.or(ErrorEnvelope) },
  handle: createMessage,
});

async function createMessage(request: CreateRequest, deps: EndpointDeps): Promise<EndpointReply> {
  const identity = requestIdentity(request);
  // A best-of-n caller sends identical bodies on purpose; only a client that says that it tries again is joined.
  const running = retryCount(request) > 0 ? deps.turns.find(identity) : undefined;
  if (running && isMessageTurn(running)) {
    deps.metrics.turnShared("joined");
    return replyFromTurn(running, request);
  }
  const reply = beginReply(identity, request, deps);
  if (request.body.stream !== true || !needsReading(request.body)) return reply;
  // The door may be busy with another reply of this client when this one fails.
  reply.catch(() => {});
  return { kind: "late", reply };
}

async function beginReply(identity: string, request: CreateRequest, deps: EndpointDeps): Promise<MadeReply> {
  // Documents are read for those only whom the limits would let through, and the request counts while they are.
  const admit = (modelClass: string) => deps.limiter.reserve(request.principal, { modelClass, inputTokens: 0, outputTokens: 0 });
  const prepared = await prepareTurn(request.body, request, deps, admit);
  const key = idempotencyKey(request);
  // Under zero data retention there is no reply to keep under the key: a request that comes again after the end runs again.
  if (key !== null && !prepared.turn.keepsNothing) return idempotentReply({ key, identity, prepared, request, deps });
  return replyFromTurn(beginMessage({ identity, prepared, request, deps }), request);
}
