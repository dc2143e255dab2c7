import { fail } from "../../platform/fail.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { replyWithTrip } from "../shared/openid-trip.ts";

export const consoleOpenidConfirm = defineEndpoint({
  name: "console-openid-confirm",
  summary: "Go to the OpenID provider to prove again who one is, before something sensitive",
  method: "GET",
  path: "/console/api/openid/confirm",
  permission: "session",
  reply: { schema: null },
  async handle(request, { accounts }) {
    const { confirmWith } = await accounts.proofsOf(request.session.userId);
    if (!accounts.openId || !confirmWith.includes("openid")) {
      throw fail("not_found_error", { public: "You have not signed in through an OpenID provider." });
    }
    return replyWithTrip(accounts.openId, request.origin, request.session);
  },
});
