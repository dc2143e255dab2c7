import type { AnthropicVersion } from "@parley/wire";
import { fail } from "../../platform/fail.ts";
import type { JsonObject } from "./cloud-door.ts";

/** The wire that `anthropic_version` of a body names: under the cloud's own name the first one, under its date the second. */
export function readVersionOf({ anthropic_version: version }: JsonObject, firstVersion: string): AnthropicVersion {
  if (version === firstVersion) return "2023-06-01";
  if (version === "2026-10-21") return version;
  throw fail("invalid_request_error", {
    public:
      version === undefined
        ? "anthropic_version: Field required"
        : `anthropic_version: Input should be '${firstVersion}' or '2026-10-21'`,
  });
}
