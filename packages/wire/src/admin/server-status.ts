import { z } from "zod";
import { ConsoleModels } from "../console/models.ts";

/** Of the whole organization, on all nodes. */
const Period = z.object({
  requests: z.int(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  cache_read_tokens: z.int(),
  /** In cents, as elsewhere. */
  amount: z.string(),
});

/** How one server is now, for whoever administers it: Parley's own. */
export const ServerStatus = z
  .object({
    type: z.literal("server_status"),
    /** Which node has answered. */
    node: z.string(),
    at: z.string(),
    turns_running: z.int(),
    /** Since this node was started; rates are the difference of two. */
    counters: z.object({
      requests: z.int(),
      server_errors: z.int(),
      turns: z.int(),
      input_tokens: z.int(),
      cache_read_tokens: z.int(),
      cache_write_tokens: z.int(),
      output_tokens: z.int(),
    }),
    models: ConsoleModels,
    currency: z.literal("USD"),
    today: Period,
    last_minutes: Period.extend({ minutes: z.int() }),
  })
  .meta({ id: "ServerStatus" });
export type ServerStatus = z.infer<typeof ServerStatus>;
