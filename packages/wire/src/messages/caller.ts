import { z } from "zod";

/** The program that made a call, by the id of the call of code. */
export const ProgramCaller = z
  .strictObject({
    type: z.enum(["code_execution_20250825", "code_execution_20260120"]),
    tool_id: z.string(),
  })
  .meta({ id: "ProgramCaller" });

const DirectCaller = z.strictObject({ type: z.literal("direct") });

/** Who made a call: the model itself, or a program. */
export const Caller = z.discriminatedUnion("type", [DirectCaller, ProgramCaller]).meta({ id: "Caller" });

/** The same as clients send it back. */
export const CallerParam = z
  .discriminatedUnion("type", [
    DirectCaller,
    z.strictObject({ type: z.literal("code_execution_20250825"), tool_id: z.string() }),
    z.strictObject({ type: z.literal("code_execution_20260120"), tool_id: z.string() }),
    z.strictObject({ type: z.literal("code_execution_20260521"), tool_id: z.string() }),
  ])
  .meta({ id: "CallerParam" });

export type ProgramCaller = z.infer<typeof ProgramCaller>;
export type Caller = z.infer<typeof Caller>;
