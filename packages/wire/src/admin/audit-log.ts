import { z } from "zod";

/** Parley's own: the platform has no such endpoint. */
export const AuditEvent = z
  .strictObject({
    id: z.string(),
    type: z.literal("audit_event"),
    /** From 1 on in each organization, without gaps. */
    sequence: z.int(),
    created_at: z.iso.datetime(),
    actor: z.strictObject({ type: z.enum(["admin_api_key", "api_key", "user", "cli", "system"]), id: z.string() }),
    /** `workspace.create`: what was acted on, and how. */
    action: z.string(),
    target: z.strictObject({ type: z.string(), id: z.string() }),
    before: z.record(z.string(), z.unknown()).nullable(),
    after: z.record(z.string(), z.unknown()).nullable(),
    request_id: z.string().nullable(),
    /** Each covers the one before it; `parley audit verify` checks them. */
    previous_hash: z.string(),
    hash: z.string(),
  })
  .meta({ id: "AuditEvent" });
export type AuditEvent = z.infer<typeof AuditEvent>;

export const AuditEventPage = z
  .strictObject({ data: z.array(AuditEvent), next_page: z.string().nullable() })
  .meta({ id: "AuditEventPage" });
