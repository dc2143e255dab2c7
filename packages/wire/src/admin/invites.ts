import { z } from "zod";
import { pageOf } from "./page-of.ts";
import { AssignableRole, OrganizationRole } from "./users.ts";

export const OrganizationInvite = z
  .strictObject({
    id: z.string(),
    type: z.literal("invite"),
    email: z.string(),
    role: OrganizationRole,
    status: z.enum(["pending", "accepted", "expired", "deleted"]),
    invited_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    accepted_at: z.iso.datetime().nullable(),
    rbac_group_ids: z.array(z.string()),
  })
  .meta({ id: "OrganizationInvite" });
export type OrganizationInvite = z.infer<typeof OrganizationInvite>;

export const OrganizationInvitePage = pageOf(OrganizationInvite).meta({ id: "OrganizationInvitePage" });

/** What a list may be asked for: deleted invites are never listed. */
export const InviteListStatus = z.enum(["accepted", "expired", "pending"]);

export const InviteCreateRequest = z
  .strictObject({
    email: z.email().max(254),
    role: AssignableRole,
    /** There are no RBAC groups here. */
    rbac_group_ids: z.array(z.string()).max(0).optional(),
  })
  .meta({ id: "InviteCreateRequest" });

export const InviteDeleted = z.strictObject({ id: z.string(), type: z.literal("invite_deleted") }).meta({ id: "InviteDeleted" });
