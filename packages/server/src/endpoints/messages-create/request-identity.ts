import { createHash } from "node:crypto";
import type { WorkspaceRequest } from "../define-endpoint.ts";

/** SHA-256 of all that makes two requests the same: who asks, in which dialect, where, and every byte of the body. */
export function requestIdentity(request: WorkspaceRequest): string {
  const { principal, version, betas, isBeta, path, bodyBytes } = request;
  const head = JSON.stringify([principal.workspaceId, principal.apiKeyId, path, version, betas, isBeta]);
  return createHash("sha256").update(head).update("\n").update(bodyBytes).digest("hex");
}
