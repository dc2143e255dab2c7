import { z } from "zod";

/** The organization that an admin key belongs to. */
export const OrganizationInfo = z
  .strictObject({ id: z.uuid(), type: z.literal("organization"), name: z.string() })
  .meta({ id: "OrganizationInfo" });

export type OrganizationInfo = z.infer<typeof OrganizationInfo>;
