import { fail } from "../../platform/fail.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { OPENID_CALLBACK_PATH } from "../shared/openid-callback-path.ts";
import { openIdCookie } from "../shared/session-cookie.ts";

export const consoleOpenid = defineEndpoint({
  name: "console-openid",
  summary: "Go to the OpenID provider to sign in",
  method: "GET",
  path: "/console/api/openid",
  permission: "public",
  reply: { schema: null },
  async handle(request, { accounts }) {
    if (!accounts.openId) throw fail("not_found_error", { public: "No OpenID provider is configured." });
    const begun = await accounts.openId.begin(`${request.origin}${OPENID_CALLBACK_PATH}`);
    return {
      kind: "raw",
      status: 302,
      headers: {
        location: begun.location,
        "set-cookie": openIdCookie(begun.ticket, begun.expiresAtMs, request.origin),
        "cache-control": "no-store",
      },
      contentType: "text/plain; charset=utf-8",
      body: "",
    };
  },
});
