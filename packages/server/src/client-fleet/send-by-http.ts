import { createEgress, createEgressPolicy, resolveBySystem } from "../egress/index.ts";
import type { SendTelemetry } from "./create-client-fleet.ts";

const TIMEOUT_MS = 30_000;
const REPLY_BYTES_MAX = 64 * 1024;
const STATUS_TAKEN_MAX = 299;
/** Its addresses are the operator's own, wherever they lead. */
const EVERYWHERE = ["0.0.0.0/0", "::/0"];

/** To collectors over HTTP; redirects are not followed. */
export function sendByHttp(): SendTelemetry {
  const egress = createEgress(createEgressPolicy({ allow: EVERYWHERE, isPublicReached: true, resolve: resolveBySystem }));
  return async (url, { headers, body }) => {
    const reply = await egress(url, {
      method: "POST",
      headers,
      body,
      timeoutMs: TIMEOUT_MS,
      maxBytes: REPLY_BYTES_MAX,
      maxRedirects: 0,
    });
    reply.close();
    if (reply.status > STATUS_TAKEN_MAX) throw new Error(`the collector answered ${reply.status}`);
  };
}
