import { type Failure, fail } from "../platform/fail.ts";

/** To a client whose upload ended after its workspace was deleted, or told to keep nothing. */
export function notKept(): Failure {
  return fail("invalid_request_error", {
    public: "The workspace was deleted, or told to keep nothing, while this came in. It is not stored.",
  });
}
