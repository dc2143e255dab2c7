import type { Checked } from "@parley/wire";
import { fail } from "../../platform/fail.ts";

/** The value of a checked body; throws the platform's 400 for one that is not valid. */
export function toBody<Value>(checked: Checked<Value>): Value {
  if (checked.ok) return checked.value;
  throw fail("invalid_request_error", { public: checked.message });
}
