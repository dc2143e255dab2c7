import { fail } from "../platform/fail.ts";

/** Only when the capabilities promise a kind of block that a turn cannot hold: our mistake, not the client's. */
export function untranslatable(type: string): Error {
  return fail("api_error", { public: "Internal server error", internal: `no translation for a ${type} block` });
}
