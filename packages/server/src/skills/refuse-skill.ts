import { type Failure, fail } from "../platform/fail.ts";

/** An upload that makes no skill. The platform's own words where they are known, which name no path of the form. */
export function refuseSkill(text: string): Failure {
  return fail("invalid_request_error", { public: text });
}

/** Of names that somebody made up. */
export function shown(name: string): string {
  const safe = name.replaceAll(/[^\x20-\x7e]/g, "?");
  return safe.length > 100 ? `${safe.slice(0, 100)}...` : safe;
}
