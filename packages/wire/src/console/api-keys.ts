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
