import { fail } from "../../platform/fail.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { replyWithTrip } from "../shared/openid-trip.ts";

export const consoleOpenid = defineEndpoint({
  name: "console-openid",
  summary: "Go to the OpenID provider to sign in",
  method: "GET",
  path: "/console/api/openid",
  permission: "public",
  reply: { schema: null },
  async handle(request, { accounts }) {
    if (!accounts.openId) throw fail("not_found_error", { public: "No OpenID provider is configured." });
    return replyWithTrip(accounts.openId, request.origin);
  },
});
