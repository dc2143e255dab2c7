import { fail } from "../../platform/fail.ts";
import { defineEndpoint, type EndpointReply } from "../define-endpoint.ts";
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
    const callbackUrl = `${request.origin}${request.path}?${request.query.toString()}`;
    const { person, authenticatedAtMs, confirmedSessionId } = await accounts.openId.finish(callbackUrl, ticket);
    if (confirmedSessionId !== null) {
      await accounts.sessions.markReauthenticated({ sessionId: confirmedSessionId });
      return page({}, "<p>Thank you. Close this page and go on where you were.</p>");
    }
    const begun = await accounts.sessions.begin(person, request.headers["user-agent"] ?? null, authenticatedAtMs);
    return page(
      { "set-cookie": sessionCookie(begun, request.origin) },
      '<meta http-equiv="refresh" content="0;url=/console/"><a href="/console/">Go on</a>',
    );
  },
});

/** A page, no redirect: on a redirect that another site began a browser holds a `Strict` cookie back. */
function page(headers: Readonly<Record<string, string>>, content: string): EndpointReply {
  return {
    kind: "raw",
    headers: { ...headers, "cache-control": "no-store" },
    contentType: "text/html; charset=utf-8",
    body: `<!doctype html><html lang="en"><title>Parley</title>${content}</html>`,
  };
}
