import { RateLimitGroupType, type AnthropicVersion, type RateLimit, type WorkspaceRateLimit } from "@parley/wire";
import { z } from "zod";
import { ENFORCED_LIMIT_TYPES } from "../../limits/limit-kinds.ts";
import { toRateLimitEntries, type RateLimitEntry } from "../../limits/rate-limit-entries.ts";
import type { AdminRequest } from "../define-endpoint.ts";
import type { EndpointDeps } from "../deps.ts";
import { queryChoice } from "./admin-request.ts";
import { encodeCursor, parseCursorQuery } from "./page-query.ts";

/** When `limit` is left out, everything is on one page. Source: the SDK's types. */
const ALL_ON_ONE_PAGE = { default: 1_000, max: 1_000 };

/** Every entry of the caller's organization. */
export async function organizationEntries(request: AdminRequest, deps: EndpointDeps): Promise<readonly RateLimitEntry[]> {
  const { organizationId } = request.admin;
  const [limits, models] = await Promise.all([deps.limitPolicy.organizationLimitsOf(organizationId), deps.models.list()]);
  const local = models.filter((model) => (model.line ?? null) === null).map((model) => model.id);
  return toRateLimitEntries(organizationId, limits, local);
}

/** The entries that the query asks for, cut to its page. */
export function pageOfEntries<Item>(
  { query }: AdminRequest,
  entries: readonly RateLimitEntry[],
  toItem: (entry: RateLimitEntry) => Item | null,
): { data: Item[]; next_page: string | null } {
  const type = queryChoice(query, "group_type", RateLimitGroupType);
  const { limit, cursor } = parseCursorQuery(query, z.string(), ALL_ON_ONE_PAGE);
  const found = entries
    .filter((entry) => type === null || entry.group.type === type)
    .flatMap((entry) => {
      const item = toItem(entry);
      return item === null ? [] : [{ id: entry.id, item }];
    });
  const from = cursor === null ? 0 : found.findIndex((each) => each.id === cursor) + 1;
  const page = found.slice(from, from + limit);
  const isLast = from + limit >= found.length;
  return { data: page.map((each) => each.item), next_page: isLast ? null : encodeCursor(page.at(-1)?.id) };
}

export function toRateLimit({ id, group, limits }: RateLimitEntry, version: AnthropicVersion): RateLimit {
  return {
    type: "rate_limit",
    id,
    ...toGroup(group, version),
    models: group.models === null ? null : [...group.models],
    limits: [...limits],
  };
}

/** A workspace's entry of one group; null where it has no limits of its own and inherited ones are not asked for. */
export function toWorkspaceRateLimit(
  { id, group, limits }: RateLimitEntry,
  workspaceId: string,
  overrides: readonly { readonly group: string; readonly type: string; readonly value: number }[],
  options: { readonly version: AnthropicVersion; readonly withInherited: boolean; readonly evenIfEmpty: boolean },
): WorkspaceRateLimit | null {
  const values = ENFORCED_LIMIT_TYPES.flatMap((type): WorkspaceRateLimit["limits"] => {
    const orgLimit = limits.find((limit) => limit.type === type)?.value ?? null;
    const own = overrides.find((override) => override.group === group.key && override.type === type);
    if (own) return [{ type, value: own.value, org_limit: orgLimit, source: { type: "workspace" } }];
    if (!options.withInherited || orgLimit === null) return [];
    return [{ type, value: orgLimit, org_limit: orgLimit, source: { type: "organization" } }];
  });
  if (values.length === 0 && !options.evenIfEmpty) return null;
  return {
    type: "workspace_rate_limit",
    rate_limit_id: id,
    workspace_id: workspaceId,
    ...toGroup(group, options.version),
    models: group.models === null ? null : [...group.models],
    limits: values,
  };
}

function toGroup({ id, type, displayName }: RateLimitEntry["group"], version: AnthropicVersion) {
  if (version === "2023-06-01") return { group_type: type };
  return { group: type === "model_group" ? { id, type, display_name: displayName } : { id, type } };
}
