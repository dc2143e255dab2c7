import type { OpenId } from "../../sign-in/openid.ts";
import type { SessionPrincipal } from "../../sign-in/sessions.ts";
import type { EndpointReply } from "../define-endpoint.ts";
import { OPENID_CALLBACK_PATH } from "./openid-callback-path.ts";
import { openIdCookie } from "./session-cookie.ts";

/** Sends the browser to the provider, to sign in or to confirm a session. */
export async function replyWithTrip(openId: OpenId, origin: string, confirming?: SessionPrincipal): Promise<EndpointReply> {
  const begun = await openId.begin(`${origin}${OPENID_CALLBACK_PATH}`, confirming);
  return {
    kind: "raw",
    status: 302,
    headers: {
      location: begun.location,
      "set-cookie": openIdCookie(begun.ticket, begun.expiresAtMs, origin),
      "cache-control": "no-store",
    },
    contentType: "text/plain; charset=utf-8",
    body: "",
  };
}
