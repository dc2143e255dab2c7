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
      data: gauged.map(({ id, group, limits }) => ({
        id,
        group: { type: group.type, display_name: group.displayName },
        limits: limits.map(({ type, limitPerMinute, remaining, fullInMs }) => ({
          type,
          value: limitPerMinute,
          remaining: Math.floor(remaining),
          full_at: new Date(nowMs + fullInMs).toISOString(),
        })),
      })),
    };
    return { kind: "json", body };
  },
});
