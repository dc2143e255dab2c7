import { z } from "zod";
import { ApiKey } from "../admin/api-keys.ts";
import { PRINTABLE } from "../admin/page-of.ts";

/** The platform makes keys on its web page only, so its API has no such operation. */
export const ConsoleApiKeyCreateRequest = z
  .strictObject({
    name: z.string().min(1).max(500).regex(PRINTABLE),
    /** Left out or null: the default workspace. */
    workspace_id: z.string().nullish(),
    /** Left out or null: it does not lapse. */
    expires_at: z.iso.datetime({ offset: true }).nullish(),
  })
  .meta({ id: "ConsoleApiKeyCreateRequest" });
export type ConsoleApiKeyCreateRequest = z.infer<typeof ConsoleApiKeyCreateRequest>;

export const ConsoleApiKeyCreated = z
  .object({
    type: z.literal("api_key_created"),
    api_key: ApiKey,
    /** The key itself: shown now and never again. */
    secret: z.string(),
  })
  .meta({ id: "ConsoleApiKeyCreated" });
export type ConsoleApiKeyCreated = z.infer<typeof ConsoleApiKeyCreated>;

export const ConsoleApiKeyRotateRequest = z
  .strictObject({
    /** For how long the old key goes on working. */
    overlap_hours: z.int().min(0).max(720),
  })
  .meta({ id: "ConsoleApiKeyRotateRequest" });
export type ConsoleApiKeyRotateRequest = z.infer<typeof ConsoleApiKeyRotateRequest>;

export const ConsoleApiKeyUses = z
  .object({
    type: z.literal("api_key_uses"),
    /** Keys that were never used are not among them. */
    data: z.array(z.object({ api_key_id: z.string(), last_used_at: z.iso.datetime() })),
  })
  .meta({ id: "ConsoleApiKeyUses", description: "When keys were used last." });
