import { ConsoleDeviceDecision, ConsoleDone } from "@parley/wire";
import { requireRecentAuthentication } from "../../sign-in/sessions.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { CONSOLE_BODY_MAX_BYTES } from "../shared/session-reply.ts";
import { parseBody } from "../shared/to-body.ts";

export const consoleDeviceDecide = defineEndpoint({
  name: "console-device-decide",
  summary: "Sign a device in, or refuse it",
  method: "POST",
  path: "/console/api/device/decision",
  permission: "session",
  body: {
    schema: ConsoleDeviceDecision,
    maxBytes: CONSOLE_BODY_MAX_BYTES,
    parse: (json) => parseBody(ConsoleDeviceDecision, json),
  },
  reply: { schema: ConsoleDone },
  async handle({ session, body, requestId }, { accounts, changes, clock }) {
    // What is given here outlives the session, like a key.
    if (body.approve) requireRecentAuthentication(session, clock.nowMs());
    await accounts.devices.decide(
      session,
      { userCode: body.user_code, isApproved: body.approve, workspaceId: body.workspace_id ?? null },
      { actor: { type: "user", id: session.userId }, requestId },
    );
    changes.note(session.organizationId, "api-keys");
    return { kind: "json", body: { type: "done" } };
  },
});
