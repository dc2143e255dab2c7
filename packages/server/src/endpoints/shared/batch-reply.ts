import type { MessageBatch } from "@parley/wire";
import type { BatchRow } from "../../storage/batches.ts";
import type { EndpointRequest } from "../define-endpoint.ts";

/** A batch as clients see it; its results are at the address by which this client reached us. */
export function toBatch(row: BatchRow, { origin }: Pick<EndpointRequest, "origin">): MessageBatch {
  const { status, requests, succeeded, errored, canceled, expired } = row;
  const hasEnded = status === "ended";
  return {
    id: row.id,
    type: "message_batch",
    processing_status: status === "creating" ? "in_progress" : status,
    // Until the whole batch has ended all of it is processing. Source: surface.md F.
    request_counts: hasEnded
      ? { processing: 0, succeeded, errored, canceled, expired }
      : { processing: requests, succeeded: 0, errored: 0, canceled: 0, expired: 0 },
    created_at: row.createdAt.toISOString(),
    expires_at: row.expiresAt.toISOString(),
    ended_at: row.endedAt?.toISOString() ?? null,
    cancel_initiated_at: row.cancelInitiatedAt?.toISOString() ?? null,
    archived_at: row.archivedAt?.toISOString() ?? null,
    results_url: row.resultsKey === null ? null : `${origin}/v1/messages/batches/${row.id}/results`,
  };
}
