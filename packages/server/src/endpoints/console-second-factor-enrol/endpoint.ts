import { ConsoleTotpEnrolment } from "@parley/wire";
import { requireRecentAuthentication } from "../../sign-in/sessions.ts";
import { defineEndpoint } from "../define-endpoint.ts";

export const consoleSecondFactorEnrol = defineEndpoint({
  name: "console-second-factor-enrol",
  summary: "Begin to enrol an authenticator app",
  method: "POST",
  path: "/console/api/second-factor",
  permission: "session",
  reply: { schema: ConsoleTotpEnrolment },
  async handle({ session }, { accounts, clock }) {
    requireRecentAuthentication(session, clock.nowMs());
    const enrolment = await accounts.secondFactor.enrol(session.userId, session.person.email);
    return { kind: "json", headers: { "cache-control": "no-store" }, body: { type: "totp_enrolment", ...enrolment } };
  },
});
