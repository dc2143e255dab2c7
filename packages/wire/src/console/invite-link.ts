import { z } from "zod";

export const ConsoleInviteLink = z
  .object({
    type: z.literal("invite_link"),
    /** With a one-time secret behind `#`. */
    link: z.string(),
  })
  .meta({ id: "ConsoleInviteLink", description: "What to hand over to the one who is invited. It works once." });
