import type { Clock } from "../platform/clock.ts";
import { findOrganizationTier, listPriorityCommitments, listWorkspaceRateLimits } from "../storage/rate-limits.ts";
import type { Storage } from "../storage/storage.ts";
import { highestInputMinute } from "../storage/usage-rollups.ts";
import { ModelClassLimits, type OrganizationLimits, type PriorityCommitment, type WorkspaceLimits } from "./limits-config.ts";
import { limitKindOf } from "./limit-kinds.ts";
import { CUSTOM_TIER, type Tier } from "./tiers.ts";

/** What is in force for a caller. */
export interface LimitsInForce {
  readonly organization: OrganizationLimits;
  /** By group: a model class, or `token_count`. */
  readonly workspace: Readonly<Record<string, WorkspaceLimits>>;
  /** By model class. */
  readonly priority: Readonly<Record<string, PriorityCommitment>>;
  /** Input tokens that the organization may use in this minute, as steeply as its use may rise; absent: any rise. */
  readonly accelerationTokens?: number;
}

/** How steeply use may rise. */
export interface Acceleration {
  /** Times the highest minute of late. */
  readonly factor: number;
  /** However little was used before. */
  readonly startTokensPerMinute: number;
}

export interface LimitPolicy {
  /** As they are now, for whoever administers them. */
  organizationLimitsOf(organizationId: string): Promise<OrganizationLimits>;
  limitsOf(at: { readonly organizationId: string; readonly workspaceId: string }): Promise<LimitsInForce>;
  /** Reads a workspace's overrides anew at its next turn; other nodes do within a second. */
  forget(workspaceId: string): void;
}

/** How long what was read may be used. A change takes effect on every node within this time. */
const FRESH_MS = 800;
/** Above this many workspaces the oldest readings are dropped. */
const KEPT_MAX = 10_000;

/** What was used longer ago has no say in how steeply use may rise. */
const ACCELERATION_WINDOW_MS = 15 * 60_000;

interface Reading {
  readonly readAtMs: number;
  readonly value: Promise<LimitsInForce>;
}

/** Reads tiers and overrides from the database, at most once a second for each workspace. */
export function createLimitPolicy(options: {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly tiers: readonly Tier[];
  /** Of organizations without a tier of their own. */
  readonly defaults: OrganizationLimits;
  readonly acceleration?: Acceleration | null;
}): LimitPolicy {
  const { storage, clock, tiers, defaults, acceleration = null } = options;
  const readings = new Map<string, Reading>();

  async function read(organizationId: string, workspaceId: string): Promise<LimitsInForce> {
    const [organization, overrides, commitments] = await Promise.all([
      organizationLimitsOf(organizationId),
      listWorkspaceRateLimits(storage, workspaceId),
      listPriorityCommitments(storage, organizationId),
    ]);
    const priority = Object.fromEntries(
      commitments.map(({ modelClass, inputTokensPerMinute, outputTokensPerMinute }) => [
        modelClass,
        { inputTokens: inputTokensPerMinute, outputTokens: outputTokensPerMinute },
      ]),
    );
    const workspace: Record<string, WorkspaceLimits> = {};
    for (const { group, type, value } of overrides) {
      const kind = limitKindOf(type);
      if (kind) workspace[group] = { ...workspace[group], [kind]: value };
    }
    const limits = { organization, workspace, priority };
    if (acceleration === null) return limits;
    const highest = await highestInputMinute(storage, organizationId, clock.nowMs() - ACCELERATION_WINDOW_MS);
    return {
      ...limits,
      accelerationTokens: Math.max(acceleration.startTokensPerMinute, Math.ceil(highest * acceleration.factor)),
    };
  }

  async function organizationLimitsOf(organizationId: string): Promise<OrganizationLimits> {
    const tier = await findOrganizationTier(storage, organizationId);
    return tier ? organizationLimits(tier, tiers, defaults) : defaults;
  }

  return {
    organizationLimitsOf,
    limitsOf({ organizationId, workspaceId }) {
      const nowMs = clock.monotonicMs();
      const known = readings.get(workspaceId);
      if (known && nowMs - known.readAtMs < FRESH_MS) return known.value;
      // What was known is better than a refusal while the database is away; the turn itself finds out soon enough.
      const value = read(organizationId, workspaceId).catch((error: unknown) => {
        if (!known) {
          readings.delete(workspaceId);
          throw error;
        }
        return known.value;
      });
      readings.delete(workspaceId);
      readings.set(workspaceId, { readAtMs: nowMs, value });
      const [oldest] = readings.keys();
      if (readings.size > KEPT_MAX && oldest !== undefined) readings.delete(oldest);
      return value;
    },
    forget: (workspaceId) => void readings.delete(workspaceId),
  };
}

/** The limits of a tier, or those that were written for one organization alone. An unknown tier has the defaults. */
export function organizationLimits(
  { tier, customLimits }: { readonly tier: string; readonly customLimits: unknown },
  tiers: readonly Tier[],
  defaults: OrganizationLimits,
): OrganizationLimits {
  if (tier === CUSTOM_TIER) {
    const parsed = ModelClassLimits.safeParse(customLimits);
    return parsed.success ? { ...defaults, tier, default: parsed.data, modelClasses: {} } : { ...defaults, tier };
  }
  const found = tiers.find((each) => each.name === tier);
  if (!found) return defaults;
  const { limits, modelClasses, countTokensRequestsPerMinute, batchQueueRequests } = found;
  return { tier, default: limits, modelClasses, countTokensRequestsPerMinute, batchQueueRequests };
}
