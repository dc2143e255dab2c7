import { fail } from "../platform/fail.ts";

/** The part of `Headers` that this needs. */
export interface ReadableHeaders {
  get(name: string): string | null;
}

/**
 * The key of a request, from `x-api-key` or `Authorization: Bearer`; both dialects may use either. Where a client sends
 * both (an SDK with two variables set), the one that looks like a key counts. Throws `authentication_error`.
 */
export function extractApiKey(headers: ReadableHeaders): string {
  const candidates = [headers.get("x-api-key")?.trim(), bearerOf(headers.get("authorization"))].filter(
    (candidate): candidate is string => candidate !== undefined && candidate !== "",
  );
  const key = candidates.find((candidate) => candidate.startsWith("sk-ant-api")) ?? candidates[0];
  if (key === undefined) throw fail("authentication_error", { public: "x-api-key header is required" });
  return key;
}

function bearerOf(authorization: string | null): string | undefined {
  return /^Bearer +(\S+)\s*$/i.exec(authorization ?? "")?.[1];
}
