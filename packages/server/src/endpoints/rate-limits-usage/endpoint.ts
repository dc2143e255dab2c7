import { RateLimitUsage } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { organizationEntries } from "../shared/rate-limit-objects.ts";

/** Parley's own: the platform tells it in headers alone. */
export const rateLimitsUsage = defineEndpoint({
  name: "rate-limits-usage",
  summary: "Tell the organization's tier, and how much of each limit is left",
  method: "GET",
  path: "/v1/organizations/rate_limits/usage",
  permission: "admin",
  reply: { schema: RateLimitUsage },
  async handle(request, deps) {
    const { organizationId } = request.admin;
    const [{ tier }, entries] = await Promise.all([
      deps.limitPolicy.organizationLimitsOf(organizationId),
      organizationEntries(request, deps),
    ]);
    const gauged = await deps.limitGauge.read(organizationId, entries);
    const nowMs = deps.clock.nowMs();
    const body: RateLimitUsage = {
      type: "rate_limit_usage",
      tier,
      data: gauged.flatMap(({ id, group, limits }) => {
        const { type: groupType, displayName } = group;
        // How many requests of batches may wait is no limit a minute, of which something is left.
        if (groupType === "batch") return [];
        const left = limits.map(({ type, limitPerMinute, remaining, fullInMs }) => ({
          type,
          value: limitPerMinute,
          remaining: Math.floor(remaining),
          full_at: new Date(nowMs + fullInMs).toISOString(),
        }));
        return [{ id, group: { type: groupType, display_name: displayName }, limits: left }];
      }),
    };
    return { kind: "json", body };
  },
});
