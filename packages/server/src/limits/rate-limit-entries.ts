import { createHash } from "node:crypto";
import { CLAUDE_MODELS, type ModelLine } from "../models/claude-models.ts";
import type { EnforcedLimitType } from "./limit-kinds.ts";
import { limitsFor, type OrganizationLimits } from "./limits-config.ts";

/** What a group of limits is for: a line of models, or a part of the API. */
export interface RateLimitGroup {
  /** A model class, or the type of another group. */
  readonly key: string;
  /** The same in every organization. */
  readonly id: string;
  readonly type: "model_group" | "token_count" | "batch";
  readonly displayName: string;
  /** Ids and aliases; null where the group is not about models. */
  readonly models: readonly string[] | null;
}

/** The limits of an organization for one group. */
export interface RateLimitEntry {
  /** Of this organization alone. */
  readonly id: string;
  readonly group: RateLimitGroup;
  readonly limits: readonly { readonly type: EnforcedLimitType | "enqueued_batch_requests"; readonly value: number }[];
}

const LINES: readonly ModelLine[] = ["opus", "sonnet", "haiku", "fable", "mythos"];

/** The groups whose limits are enforced. Weights under their own names make a group of their own. */
function groupsWith(limits: OrganizationLimits, localModels: readonly string[]): readonly RateLimitGroup[] {
  const lines = LINES.map((line) => {
    const models = CLAUDE_MODELS.filter((model) => model.line === line).flatMap((model) => [model.id, ...model.aliases]);
    return modelGroup(line, `Claude ${line.charAt(0).toUpperCase()}${line.slice(1)}`, models);
  });
  const local = localModels.length === 0 ? [] : [modelGroup("local", "Local models", localModels)];
  const tokenCount = groupOf("token_count", "token_count", "Token counting", null);
  const batch = limits.batchQueueRequests === undefined ? [] : [groupOf("batch", "batch", "Message batches", null)];
  return [...lines, ...local, tokenCount, ...batch];
}

const modelGroup = (key: string, displayName: string, models: readonly string[]): RateLimitGroup =>
  groupOf(key, "model_group", displayName, models);

function groupOf(
  key: string,
  type: RateLimitGroup["type"],
  displayName: string,
  models: readonly string[] | null,
): RateLimitGroup {
  return { key, id: idFrom("rlg", key), type, displayName, models };
}

/** An organization's limits, one entry a group. Ids follow from what they name, so nothing is stored for them. */
export function toRateLimitEntries(
  organizationId: string,
  limits: OrganizationLimits,
  localModels: readonly string[],
): readonly RateLimitEntry[] {
  return groupsWith(limits, localModels).map((group) => ({
    id: idFrom("rl", JSON.stringify([organizationId, group.key])),
    group,
    limits: limitsOfGroup(limits, group),
  }));
}

function limitsOfGroup(limits: OrganizationLimits, group: RateLimitGroup): RateLimitEntry["limits"] {
  switch (group.type) {
    case "model_group":
      return modelLimits(limits, group.key);
    case "token_count":
      return [{ type: "requests_per_minute", value: limits.countTokensRequestsPerMinute }];
    case "batch":
      return limits.batchQueueRequests === undefined
        ? []
        : [{ type: "enqueued_batch_requests", value: limits.batchQueueRequests }];
    default:
      group.type satisfies never;
      return [];
  }
}

function modelLimits(limits: OrganizationLimits, modelClass: string): RateLimitEntry["limits"] {
  const { requests, inputTokens, outputTokens, totalTokens } = limitsFor(limits, modelClass);
  return [
    { type: "requests_per_minute", value: requests },
    { type: "input_tokens_per_minute_cache_aware", value: inputTokens },
    { type: "output_tokens_per_minute", value: outputTokens },
    ...(totalTokens === undefined ? [] : [{ type: "tokens_per_minute" as const, value: totalTokens }]),
  ];
}

function idFrom(prefix: string, text: string): string {
  // As long as the platform's ids; 22 hexadecimal digits tell any two groups apart.
  return `${prefix}_01${createHash("sha256").update(text).digest("hex").slice(0, 22)}`;
}
