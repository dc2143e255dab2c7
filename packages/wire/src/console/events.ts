import { z } from "zod";
import { ConsoleModels } from "./models.ts";

export const ConsoleChanged = z
  .object({
    type: z.literal("changed"),
    /** The name of what the pages ask for: `batches`, `files`, `requests` and so on. */
    topic: z.string(),
  })
  .meta({ id: "ConsoleChanged", description: "Something of the organization changed: ask for it again." });

export const ConsoleEvent = z
  .discriminatedUnion("type", [ConsoleChanged, ConsoleModels])
  .meta({ id: "ConsoleEvent", description: "What an open page of the Console is told." });
export type ConsoleEvent = z.infer<typeof ConsoleEvent>;
