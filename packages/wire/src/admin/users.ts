import { z } from "zod";
import { pageOf } from "./page-of.ts";

/** Every role that a member of an organization can have. */
export const OrganizationRole = z.enum([
  "user",
  "developer",
  "billing",
  "claude_code_user",
  "managed",
  "admin",
  "owner",
  "primary_owner",
  "membership_admin",
]);
export type OrganizationRole = z.infer<typeof OrganizationRole>;

/** The roles that the Admin API gives; the others are given in the Console. */
export const AssignableRole = z.enum(["user", "developer", "billing", "claude_code_user"]);

export const OrganizationUser = z
  .strictObject({
    id: z.string(),
    type: z.literal("user"),
    email: z.string(),
    name: z.string(),
    role: OrganizationRole,
    added_at: z.iso.datetime(),
  })
  .meta({ id: "OrganizationUser" });
export type OrganizationUser = z.infer<typeof OrganizationUser>;

export const OrganizationUserPage = pageOf(OrganizationUser).meta({ id: "OrganizationUserPage" });

export const UserUpdateRequest = z.strictObject({ role: AssignableRole }).meta({ id: "UserUpdateRequest" });

export const UserDeleted = z.strictObject({ id: z.string(), type: z.literal("user_deleted") }).meta({ id: "UserDeleted" });
