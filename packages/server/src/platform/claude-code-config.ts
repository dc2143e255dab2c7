import { z } from "zod";

/** Of the machines on which people sign in with Claude Code. */
export const claudeCode = z.strictObject({
  /** How long a sign-in on a machine lasts; its tokens are renewed every hour. */
  sign_in_days: z.coerce.number().int().positive().max(365).default(30),
  /** What every machine that is signed in gets as its managed settings (`managed-settings.json`); null: none. */
  managed_settings: z.record(z.string(), z.unknown()).nullable().default(null),
  /** Base addresses of OTLP collectors that get the machines' telemetry as it comes; none: it is dropped. */
  telemetry_to: z
    .array(z.strictObject({ url: z.url({ protocol: /^https?$/ }), headers: z.record(z.string(), z.string()).default({}) }))
    .default([]),
});
