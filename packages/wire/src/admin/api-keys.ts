import { z } from "zod";
import { pageOf, PRINTABLE } from "./page-of.ts";

export const ApiKeyStatus = z.enum(["active", "inactive", "archived", "expired"]);

export const ApiKey = z
  .strictObject({
    id: z.string(),
    type: z.literal("api_key"),
    name: z.string(),
    status: ApiKeyStatus,
    partial_key_hint: z.string().nullable(),
    created_at: z.iso.datetime(),
    created_by: z.strictObject({ id: z.string(), type: z.enum(["user", "service_account"]) }).nullable(),
    expires_at: z.iso.datetime().nullable(),
    principal: z
      .discriminatedUnion("type", [
        z.strictObject({ type: z.literal("user_actor"), user_id: z.string() }),
        z.strictObject({ type: z.literal("service_account_actor"), service_account_id: z.string() }),
      ])
      .nullable(),
    scope: z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("workspace"), workspace_id: z.string() }),
      z.strictObject({ type: z.literal("organization") }),
    ]),
    /** Only for `anthropic-version: 2023-06-01`; null in the default workspace. */
    workspace_id: z.string().nullable().optional(),
  })
  .meta({ id: "ApiKey" });
export type ApiKey = z.infer<typeof ApiKey>;

export const ApiKeyPage = pageOf(ApiKey).meta({ id: "ApiKeyPage" });

/** Left out or null: as it is. */
export const ApiKeyUpdateRequest = z
  .strictObject({
    name: z.string().min(1).max(500).regex(PRINTABLE).nullish(),
    status: z.enum(["active", "inactive", "archived"]).nullish(),
  })
  .meta({ id: "ApiKeyUpdateRequest" });
