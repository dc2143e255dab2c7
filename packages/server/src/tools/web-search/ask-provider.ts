import type { z } from "zod";
import { type Egress, type EgressRequest, EgressError, readAll } from "../../egress/index.ts";
import { ServerToolError } from "../server-tool.ts";

const TIMEOUT_MS = 15_000;
const REPLY_MAX_BYTES = 4 * 1024 ** 2;

/** One question to a provider's API, and its answer by the schema. */
export async function askProvider<Reply>(
  egress: Egress,
  url: string,
  request: Pick<EgressRequest, "method" | "headers" | "body" | "signal">,
  schema: z.ZodType<Reply>,
): Promise<Reply> {
  try {
    const reply = await egress(url, { ...request, timeoutMs: TIMEOUT_MS, maxBytes: REPLY_MAX_BYTES });
    if (reply.status !== 200) {
      reply.close();
      const code = reply.status === 429 ? "too_many_requests" : "unavailable";
      throw new ServerToolError(code, `the search provider answers ${reply.status}`);
    }
    const bytes = await readAll(reply.body);
    return schema.parse(JSON.parse(bytes.toString("utf8")));
  } catch (error) {
    if (error instanceof ServerToolError) throw error;
    request.signal?.throwIfAborted();
    const reason = error instanceof EgressError ? error.message : "its answer is not what was expected";
    throw new ServerToolError("unavailable", `the search provider: ${reason}`, error);
  }
}

/** The query with the domains in the form that web searches know; what comes back is filtered all the same. */
export function withSites(query: string, domains: readonly string[] | null): string {
  return domains === null ? query : `${query} (${domains.map((domain) => `site:${domain}`).join(" OR ")})`;
}
