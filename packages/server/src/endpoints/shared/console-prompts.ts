import type { ConsolePrompt } from "@parley/wire";
import type { Principal } from "../../auth/principal.ts";
import { findPrompt } from "../../storage/prompts.ts";
import { notFound } from "../../tenancy/not-found.ts";
import type { SessionRequest } from "../define-endpoint.ts";
import type { EndpointDeps } from "../deps.ts";
import { firstOf } from "./first-of.ts";

/** Texts of a few hundred thousand characters, and a table of tries. */
export const PROMPT_BODY_MAX_BYTES = 8 * 1024 ** 2;
/** All are listed at once. */
export const PROMPTS_MAX = 500;
export const VERSIONS_MAX = 500;

/** The person in the workspace that the header names, as for `/v1/messages`. */
export function workspaceOf({ session, headers }: SessionRequest, { accounts }: EndpointDeps): Promise<Principal> {
  return accounts.toWorkspacePrincipal(session, firstOf(headers["anthropic-workspace-id"]));
}

/** Throws `not_found_error`, for a prompt of another workspace as for one that never was. */
export async function requirePrompt({ tenancy }: EndpointDeps, workspaceId: string, id: string): Promise<ConsolePrompt> {
  const found = /^\w{1,128}$/.test(id) ? await findPrompt(tenancy.storage, workspaceId, id) : null;
  if (!found) throw notFound("Prompt", id);
  const { prompt, versions } = found;
  return {
    type: "console_prompt",
    id: prompt.id,
    name: prompt.name,
    updated_at: prompt.updatedAt.toISOString(),
    versions: versions.map(({ version, content, createdAt }) => ({ version, content, created_at: createdAt.toISOString() })),
    cases: [...prompt.cases],
  };
}
