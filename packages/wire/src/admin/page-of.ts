import { z } from "zod";

/** The platform's `Page`: `first_id` and `last_id` page with `before_id` and `after_id`. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({
    data: z.array(item),
    has_more: z.boolean(),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
  });
}

/** Text that a person wrote: something to see in it, no control characters, no halves of surrogate pairs. */
export const PRINTABLE = /^[^\p{Cc}\p{Cs}]*[^\p{Cc}\p{Cs}\s][^\p{Cc}\p{Cs}]*$/u;
