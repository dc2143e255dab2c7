import { type Checked, parseBySchema } from "@parley/wire";
import type { z } from "zod";
import { fail } from "../../platform/fail.ts";

/** The value of a checked body; throws the platform's 400 for one that is not valid. */
export function toBody<Value>(checked: Checked<Value>): Value {
  if (checked.ok) return checked.value;
  throw fail("invalid_request_error", { public: checked.message });
}

/** The body that a schema describes; throws the platform's 400 that names the path. */
export function parseBody<Schema extends z.ZodType>(schema: Schema, json: unknown): z.infer<Schema> {
  return toBody(parseBySchema(schema, json));
}
