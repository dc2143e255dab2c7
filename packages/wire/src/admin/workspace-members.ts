import { z } from "zod";
import { pageOf } from "./page-of.ts";

const ROLES_WITHOUT_BILLING = [
  "workspace_user",
  "workspace_developer",
  "workspace_restricted_developer",
  "workspace_admin",
] as const;

export const WorkspaceRole = z.enum([...ROLES_WITHOUT_BILLING, "workspace_billing"]);

export const WorkspaceMember = z
  .strictObject({
    type: z.literal("workspace_member"),
    user_id: z.string(),
    workspace_id: z.string(),
    workspace_role: WorkspaceRole,
  })
  .meta({ id: "WorkspaceMember" });
export type WorkspaceMember = z.infer<typeof WorkspaceMember>;

/** `first_id` and `last_id` are the users'. */
export const WorkspaceMemberPage = pageOf(WorkspaceMember).meta({ id: "WorkspaceMemberPage" });

export const WorkspaceMemberAddRequest = z
  .strictObject({ user_id: z.string().min(1), workspace_role: z.enum(ROLES_WITHOUT_BILLING) })
  .meta({ id: "WorkspaceMemberAddRequest" });

export const WorkspaceMemberUpdateRequest = z
  .strictObject({ workspace_role: WorkspaceRole })
  .meta({ id: "WorkspaceMemberUpdateRequest" });

export const WorkspaceMemberDeleted = z
  .strictObject({ type: z.literal("workspace_member_deleted"), user_id: z.string(), workspace_id: z.string() })
  .meta({ id: "WorkspaceMemberDeleted" });
