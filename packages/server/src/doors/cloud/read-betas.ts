import type { IncomingHttpHeaders } from "node:http";
import { fail } from "../../platform/fail.ts";
import { readBetas } from "../anthropic/read-headers.ts";
import type { JsonObject } from "./cloud-door.ts";

/** What a header may hold: the betas of a body become one where the request is passed on to an upstream. */
const PRINTABLE = /^[\x20-\x7e]*$/;

/** Betas of the header and of `anthropic_beta` in the body. */
export function readBetasOf({ anthropic_beta: named }: JsonObject, headers: IncomingHttpHeaders): readonly string[] {
  const betas = readBetas(headers);
  if (named === undefined || named === null) return betas;
  if (!Array.isArray(named)) throw fail("invalid_request_error", { public: "anthropic_beta: Input should be a valid list" });
  const own = named.map((beta: unknown, index) => {
    if (typeof beta !== "string")
      throw fail("invalid_request_error", { public: `anthropic_beta.${index}: Input should be a valid string` });
    if (PRINTABLE.test(beta)) return beta.trim();
    throw fail("invalid_request_error", {
      public: `anthropic_beta.${index}: String should have printable ASCII characters only`,
    });
  });
  return [...new Set([...betas, ...own])].filter(Boolean);
}
