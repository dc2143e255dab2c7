import { fail } from "../platform/fail.ts";

const SHOWN_MAX_CHARACTERS = 100;

/** The one answer for what never was, what is gone and what is another organization's. */
export function notFound(what: string, id: string) {
  return fail("not_found_error", { public: `${what} not found: ${id.slice(0, SHOWN_MAX_CHARACTERS)}` });
}
