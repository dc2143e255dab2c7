import { fail, type Failure } from "../platform/fail.ts";
import type { HoldOutcome, SpendScope } from "../storage/spend.ts";

const WHOSE: Readonly<Record<Exclude<SpendScope, "usage_tier">, string>> = {
  organization: "API",
  workspace: "workspace API",
  api_key: "API key",
  user: "user",
};

/** The platform's error for money that could not be held. Source: surface.md D; clients parse the first words. */
export function toSpendFailure(outcome: Exclude<HoldOutcome, { type: "held" }>, nowMs: number): Failure {
  switch (outcome.type) {
    case "credits":
      return fail("invalid_request_error", {
        public:
          "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
      });
    case "limit": {
      const regain = `You will regain access on ${new Date(outcome.regainAtMs).toISOString().slice(0, 16).replace("T", " at ")} UTC.`;
      if (outcome.scope !== "usage_tier") {
        return fail("invalid_request_error", {
          public: `You have reached your specified ${WHOSE[outcome.scope]} usage limits. ${regain}`,
          internal: `${outcome.period} spend limit of the ${outcome.scope}`,
        });
      }
      return fail("rate_limit_error", {
        public: `You have reached the monthly API usage threshold of your organization's tier. ${regain}`,
        details: { error_code: "enforced_spend_limit_reached" },
        retryAfterSeconds: Math.max(1, Math.ceil((outcome.regainAtMs - nowMs) / 1_000)),
        // Trying again within this month is in vain.
        shouldRetry: false,
      });
    }
    default:
      outcome satisfies never;
      throw new Error("unknown outcome");
  }
}
