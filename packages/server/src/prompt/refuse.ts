import { type Problem, renderProblem } from "@parley/wire";
import { type Failure, fail } from "../platform/fail.ts";

/** The platform's 400 for a problem. */
export function refusal(problem: Problem): Failure {
  return fail("invalid_request_error", {
    public: renderProblem(problem),
    ...(problem.errorCode === undefined ? {} : { details: { error_code: problem.errorCode } }),
  });
}
