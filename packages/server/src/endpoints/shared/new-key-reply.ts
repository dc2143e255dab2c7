import type { CreatedApiKey } from "../../auth/manage-api-keys.ts";
import { findApiKey } from "../../storage/api-keys.ts";
import { findDefaultWorkspaceId } from "../../storage/workspaces.ts";
import { notFound } from "../../tenancy/not-found.ts";
import type { EndpointReply, EndpointRequest } from "../define-endpoint.ts";
import type { EndpointDeps } from "../deps.ts";
import { toApiKey } from "./admin-objects.ts";

/** The one reply that holds a key itself. */
export async function replyWithNewKey(
  { tenancy: { storage }, clock }: Pick<EndpointDeps, "tenancy" | "clock">,
  organizationId: string,
  created: CreatedApiKey,
  { version }: Pick<EndpointRequest, "version">,
): Promise<EndpointReply> {
  const [row, defaultWorkspaceId] = await Promise.all([
    findApiKey(storage, organizationId, created.id),
    findDefaultWorkspaceId(storage, organizationId),
  ]);
  if (!row) throw notFound("API key", created.id);
  const key = toApiKey(row, { version, nowMs: clock.nowMs(), defaultWorkspaceId });
  return {
    kind: "json",
    headers: { "cache-control": "no-store" },
    body: { type: "api_key_created", api_key: key, secret: created.secret },
  };
}
