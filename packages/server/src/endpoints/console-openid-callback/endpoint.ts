import { fail } from "../../platform/fail.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { OPENID_CALLBACK_PATH } from "../shared/openid-callback-path.ts";
import { openIdCookieName, readCookie, sessionCookie } from "../shared/session-cookie.ts";

export const consoleOpenidCallback = defineEndpoint({
  name: "console-openid-callback",
  summary: "Come back from the OpenID provider",
  method: "GET",
  path: OPENID_CALLBACK_PATH,
  permission: "public",
  reply: { schema: null },
  async handle(request, { accounts }) {
    if (!accounts.openId) throw fail("not_found_error", { public: "No OpenID provider is configured." });
    const ticket = readCookie(request.headers.cookie, openIdCookieName(request.origin));
    if (ticket === null) {
      throw fail("authentication_error", { public: "The sign-in was begun in another browser, or too long ago. Try again." });
    }
    const person = await accounts.openId.finish(`${request.origin}${request.path}?${request.query.toString()}`, ticket);
    const begun = await accounts.sessions.begin(person, request.headers["user-agent"] ?? null);
    return {
      kind: "raw",
      // A page, no redirect: on a redirect that another site began a browser holds a `Strict` cookie back.
      headers: { "set-cookie": sessionCookie(begun, request.origin), "cache-control": "no-store" },
      contentType: "text/html; charset=utf-8",
      body: '<!doctype html><meta http-equiv="refresh" content="0;url=/console/"><title>Parley</title><a href="/console/">Go on</a>',
    };
  },
});
