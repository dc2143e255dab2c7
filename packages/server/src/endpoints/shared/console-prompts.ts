import type { ConsolePrompt } from "@parley/wire";
import type { Principal } from "../../auth/principal.ts";
import { countVersions, findPrompt } from "../../storage/prompts.ts";
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

/** With the newest version's content, or another's. Throws `not_found_error`, for another workspace's as for one that never was. */
export async function requirePrompt(
  { tenancy }: EndpointDeps,
  workspaceId: string,
  id: string,
  version: number | null = null,
): Promise<ConsolePrompt> {
  const found = isPromptId(id) ? await findPrompt(tenancy.storage, workspaceId, id, version) : null;
  if (!found) throw notFound("Prompt", id);
  const { prompt, opened, versions } = found;
  return {
    type: "console_prompt",
    id: prompt.id,
    name: prompt.name,
    updated_at: prompt.updatedAt.toISOString(),
    version: opened.version,
    content: opened.content,
    versions: versions.map((each) => ({ version: each.version, created_at: each.createdAt.toISOString() })),
    cases: [...prompt.cases],
  };
}

/** How many versions there are. Throws the same. */
export async function countPromptVersions({ tenancy }: EndpointDeps, workspaceId: string, id: string): Promise<number> {
  const versions = isPromptId(id) ? await countVersions(tenancy.storage, workspaceId, id) : 0;
  if (versions === 0) throw notFound("Prompt", id);
  return versions;
}

function isPromptId(id: string): boolean {
  return /^\w{1,128}$/.test(id);
}
