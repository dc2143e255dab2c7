import { hash } from "node:crypto";
import type { WorkspaceRequest } from "../define-endpoint.ts";

/** SHA-256 of all that makes two requests the same: who asks, in which dialect, where, and every byte of the body. */
export function requestIdentity(request: WorkspaceRequest): string {
  const { principal, version, betas, isBeta, path, bodyBytes } = request;
  const head = JSON.stringify([principal.workspaceId, principal.apiKeyId, path, version, betas, isBeta]);
  // In one call, as an object that hashes piece by piece costs more than the hash of most bodies.
  return hash("sha256", Buffer.concat([Buffer.from(`${head}\n`), bodyBytes]), "hex");
}
