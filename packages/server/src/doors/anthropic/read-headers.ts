import { ANTHROPIC_VERSIONS, type AnthropicVersion, isAnthropicVersion } from "@parley/wire";
import type { IncomingHttpHeaders } from "node:http";
import { fail } from "../../platform/fail.ts";

/**
 * The presented secret: `x-api-key` or `Authorization: Bearer`, whatever the version. Where a client sends both (an SDK with
 * two variables set, a gateway in between), the one that looks like a key counts.
 */
export function readSecret(headers: IncomingHttpHeaders): string {
  const key = single(headers["x-api-key"])?.trim();
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? "")?.[1];
  const candidates = [key, bearer].filter((candidate): candidate is string => candidate !== undefined && candidate !== "");
  const secret = candidates.find((candidate) => candidate.startsWith("sk-ant-")) ?? candidates[0];
  if (secret !== undefined) return secret;
  throw fail("authentication_error", {
    public:
      headers.authorization === undefined ? "x-api-key header is required" : "Authorization header must be `Bearer <API key>`",
  });
}

/** A key or token was presented, of whatever worth. */
export function hasSecret(headers: IncomingHttpHeaders): boolean {
  return headers["x-api-key"] !== undefined || headers.authorization !== undefined;
}

/** A program must say which version it speaks; a page with a session may. */
export function hasVersion(headers: IncomingHttpHeaders): boolean {
  return headers["anthropic-version"] !== undefined;
}

export function readVersion(headers: IncomingHttpHeaders): AnthropicVersion {
  const version = single(headers["anthropic-version"])?.trim();
  if (!version) throw fail("invalid_request_error", { public: "anthropic-version: header is required" });
  if (isAnthropicVersion(version)) return version;
  throw fail("invalid_request_error", {
    public: `anthropic-version: "${version.slice(0, 64)}" is not a valid version. Valid versions are ${ANTHROPIC_VERSIONS.join(" and ")}.`,
  });
}

/** The comma list of `anthropic-beta`; unknown names are fine. */
export function readBetas(headers: IncomingHttpHeaders): readonly string[] {
  return (single(headers["anthropic-beta"]) ?? "")
    .split(",")
    .map((beta) => beta.trim())
    .filter(Boolean);
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(",") : value;
}
