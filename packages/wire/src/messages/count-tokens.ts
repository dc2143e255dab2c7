import { z } from "zod";
import { MessagesCreateRequest } from "./create-request.ts";

/** A create request whose `max_tokens` is not needed; which keys each dialect refuses is data of the dialect. */
export const CountTokensRequest = z
  .strictObject(MessagesCreateRequest.shape)
  .partial({ max_tokens: true })
  .meta({ id: "CountTokensRequest" });

export const CountTokensResponse = z
  .strictObject({
    input_tokens: z.int(),
    context_management: z.strictObject({ original_input_tokens: z.int() }).nullish(),
  })
  .meta({ id: "CountTokensResponse" });

export type CountTokensRequest = z.infer<typeof CountTokensRequest>;
export type CountTokensResponse = z.infer<typeof CountTokensResponse>;
