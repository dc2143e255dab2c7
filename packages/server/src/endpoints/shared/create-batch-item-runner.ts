import { parseMessagesCreate } from "@parley/wire";
import type { BatchItemRunner, BatchTurn, BatchTurnOutcome } from "../../batches/batch-item-runner.ts";
import type { TurnRecord } from "../../ledger/ledger.ts";
import type { Limiter, Reservation } from "../../limits/limiter.ts";
import { Failure, fail } from "../../platform/fail.ts";
import { assertServedInBatch } from "../../prompt/index.ts";
import { toMessage } from "../../replies/to-message.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";
import type { EndpointDeps } from "../deps.ts";
import { prepareTurnOf } from "./prepare-turn.ts";
import { runTurn, type RunTurnDeps } from "./run-turn.ts";
import { toBody } from "./to-body.ts";
import { toReplyContext } from "./to-reply-context.ts";

export type BatchItemRunnerDeps = Omit<RunTurnDeps, "ledger" | "limiter"> &
  Pick<
    EndpointDeps,
    "models" | "mcp" | "thinkingSigner" | "searchSeals" | "files" | "containers" | "skills" | "inferenceGeos" | "media"
  > & {
    readonly dataPolicy: Pick<EndpointDeps["dataPolicy"], "keepsNothing">;
  };

const NOTHING_HELD: Reservation = {
  headers: () => ({}),
  serviceTier: "standard",
  settle: async () => {},
  async [Symbol.asyncDispose]() {},
};

/** Batches draw on no bucket that a person waits for. */
const NO_LIMITS: Limiter = { headers: async () => ({}), countTokens: async () => {}, reserve: async () => NOTHING_HELD };

/** Runs one request of a batch the way every turn is run; what it leads to is handed back instead of sent. */
export function createBatchItemRunner(deps: BatchItemRunnerDeps): BatchItemRunner {
  return async (item, signal) => {
    try {
      return await runItem(deps, item, signal);
    } catch (error) {
      signal.throwIfAborted();
      const failure = error instanceof Failure ? error : fail("api_error", { public: "Internal server error", cause: error });
      if (mayPass(failure)) return { type: "failed", failure };
      return { type: "done", result: { type: "errored", error: toEnvelope(failure, item.requestId) }, record: null };
    }
  };
}

async function runItem(deps: BatchItemRunnerDeps, item: BatchTurn, signal: AbortSignal): Promise<BatchTurnOutcome> {
  const body = toBody(parseMessagesCreate(item.params, item));
  const model = await deps.models.resolve(body.model);
  // A server that requests are passed on to says itself what it serves.
  if (!model.pool?.isPassedOn) assertServedInBatch(body);
  const prepared = await prepareTurnOf(body, model, deps, {
    principal: item.principal,
    requestId: item.requestId,
    affinity: { sessionId: null, agentId: null },
    priority: "batch",
    // As it is now: the workspace may have changed since its batch came in.
    keepsNothing: await deps.dataPolicy.keepsNothing(item.principal.workspaceId),
    betas: item.betas,
    signal,
    wire: () => ({
      bytes: Buffer.from(JSON.stringify(item.params)),
      isBetaPath: item.isBeta,
      headers: {
        "anthropic-version": item.version,
        ...(item.betas.length === 0 ? {} : { "anthropic-beta": item.betas.join(",") }),
      },
    }),
  });
  const reply = toReplyContext(prepared, { ...item, body }, "batch", deps);
  // The row is kept beside the result first, and goes to the ledger from there. As on the platform, a request that errored
  // is not billed.
  const rows: TurnRecord[] = [];
  const turns = runTurn(
    { ...deps, limiter: NO_LIMITS, ledger: { record: async (row) => void rows.push(row) } },
    {
      principal: item.principal,
      model,
      requestedModel: body.model,
      turn: prepared.turn,
      serviceTier: "batch",
      inferenceGeo: reply.inferenceGeo,
      product: "message_batches_api",
      isFailureBilled: false,
      promptBytes: item.bodyBytes + prepared.growthBytes,
      arrivedAtMs: deps.clock.monotonicMs(),
      authMs: null,
      traceparent: undefined,
    },
    { onReserved() {}, onTraced() {} },
    signal,
  );
  const events: TurnEvent[] = [];
  for await (const event of turns) events.push(event);
  return { type: "done", result: { type: "succeeded", message: toMessage(events, reply) }, record: rows[0] ?? null };
}

function mayPass({ type }: Failure): boolean {
  return type === "overloaded_error" || type === "api_error" || type === "timeout_error" || type === "rate_limit_error";
}

function toEnvelope(failure: Failure, requestId: string) {
  const error = {
    type: failure.type,
    message: failure.publicMessage,
    ...(failure.details ? { details: failure.details } : {}),
  };
  return { type: "error" as const, error, request_id: requestId };
}
