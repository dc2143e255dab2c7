import type { MadeReply } from "../define-endpoint.ts";
import { formatStreamPart } from "../format-stream-part.ts";
import { fail } from "../../platform/fail.ts";
import { createStreamReply } from "../../replies/stream-reply.ts";
import { toMessage, wireMessage } from "../../replies/to-message.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";
import type { CreateRequest } from "./endpoint.ts";
import type { StoredReply } from "./idempotency-store.ts";
import {
  type BeginMessage,
  beginMessage,
  isMessageTurn,
  type MessageTurn,
  type MessageTurnContext,
  replyFromTurn,
} from "./message-turn.ts";

const KEY_MAX_CHARACTERS = 255;
const MS_PER_HOUR = 3_600_000;
const KEPT_MS = 25 * MS_PER_HOUR;
const RUNNING_RETRY_SECONDS = 5;
const REPLAYED = { "idempotent-replayed": "true" };

/** The `Idempotency-Key` of a request; null where there is none. */
export function idempotencyKey(request: CreateRequest): string | null {
  const key = request.headers["idempotency-key"];
  if (typeof key !== "string") return null;
  if (key.trim() !== "" && key.length <= KEY_MAX_CHARACTERS) return key;
  throw fail("invalid_request_error", { public: `Idempotency-Key: must have 1 to ${KEY_MAX_CHARACTERS} characters` });
}

/**
 * Runs the turn of the first request with a key, and gives its reply to the others: the stored one when it has ended, the
 * running one while it runs. Only a completed reply is stored; after a failure the key is free again.
 */
export async function idempotentReply(begin: BeginMessage & { readonly key: string }): Promise<MadeReply> {
  const { key, identity, request, deps } = begin;
  const { workspaceId } = request.principal;
  const entry = { workspaceId, key };
  const outcome = await deps.idempotency.claim({ ...entry, requestHash: identity, nowMs: deps.clock.nowMs() });
  switch (outcome.type) {
    case "claimed":
      return replyFromTurn(beginClaimed(begin), request);
    case "replay":
      deps.metrics.turnShared("replayed");
      return toRawReply(outcome.reply);
    case "mismatch":
      // Not a 409, which the SDKs would send again.
      throw fail("invalid_request_error", { public: "Idempotency-Key: this key was used for a request with other parameters." });
    case "running": {
      const running = deps.turns.find(turnIdentity(begin));
      if (!running || !isMessageTurn(running)) {
        throw fail("conflict_error", {
          public: "A request with this Idempotency-Key is still running.",
          retryAfterSeconds: RUNNING_RETRY_SECONDS,
          shouldRetry: true,
        });
      }
      deps.metrics.turnShared("joined");
      return replyFromTurn(running, request, REPLAYED);
    }
    default:
      outcome satisfies never;
      throw new Error("unknown outcome");
  }
}

/** A turn under a key is found by the key, so that a best-of-n twin without one does not take its place. */
function turnIdentity({ identity, key }: BeginMessage & { readonly key: string }): string {
  return JSON.stringify([identity, key]);
}

function beginClaimed(begin: BeginMessage & { readonly key: string }): MessageTurn {
  const { key, request, deps } = begin;
  const entry = { workspaceId: request.principal.workspaceId, key };

  async function* around(
    events: AsyncGenerator<TurnEvent, void, void>,
    context: MessageTurnContext,
  ): AsyncGenerator<TurnEvent, void, void> {
    const seen: TurnEvent[] = [];
    let isStored = false;
    // The turn is on the ledger: a database that is away now must not take the reply from the client as well.
    const logFault = (error: unknown): void =>
      deps.log.error({ err: error, requestId: request.requestId }, "the reply to an Idempotency-Key could not be stored");
    try {
      for await (const event of events) {
        seen.push(event);
        if (event.type === "end") {
          const expiresAtMs = deps.clock.nowMs() + KEPT_MS;
          isStored = await deps.idempotency.complete({ ...entry, expiresAtMs }, toStoredReply(seen, context)).then(
            () => true,
            (error: unknown) => {
              logFault(error);
              return false;
            },
          );
        }
        yield event;
      }
    } finally {
      if (!isStored) await deps.idempotency.abandon(entry).catch(logFault);
    }
  }

  return beginMessage({ ...begin, identity: turnIdentity(begin), around });
}

function toStoredReply(events: readonly TurnEvent[], context: MessageTurnContext): StoredReply {
  if (!context.isStream) {
    const body = Buffer.from(wireMessage(events) ?? JSON.stringify(toMessage(events, context.reply)));
    return { status: 200, headers: { "content-type": "application/json" }, body };
  }
  const reply = createStreamReply(context.reply);
  const frames = events.flatMap((event) => reply.push(event).map(formatStreamPart));
  return { status: 200, headers: { "content-type": "text/event-stream; charset=utf-8" }, body: Buffer.from(frames.join("")) };
}

function toRawReply({ status, headers, body }: StoredReply): MadeReply {
  const { "content-type": contentType = "application/json", ...rest } = headers;
  return { kind: "raw", status, contentType, headers: { ...rest, ...REPLAYED }, body };
}
