import { z } from "zod";

const CacheControlEphemeral = z
  .strictObject({
    type: z.literal("ephemeral"),
    ttl: z.enum(["5m", "1h"]).optional(),
    // Claude Code sends it under the prompt-caching-scope beta. Parley's cache never leaves the workspace, whatever is asked.
    scope: z.enum(["global", "organization", "workspace"]).optional(),
  })
  .meta({ id: "CacheControlEphemeral" });

/** A union of one member, because the platform's error paths name the tag (`cache_control.ephemeral.ttl`). */
export const CacheControl = z.discriminatedUnion("type", [CacheControlEphemeral]);

export type CacheControl = z.infer<typeof CacheControl>;

/** The field as it stands on every block that can carry a breakpoint. */
export const cacheControlField = CacheControl.nullish();
