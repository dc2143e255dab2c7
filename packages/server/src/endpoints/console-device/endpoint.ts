import { ConsoleDevice, ConsoleDeviceRequest } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { CONSOLE_BODY_MAX_BYTES } from "../shared/session-reply.ts";
import { parseBody } from "../shared/to-body.ts";

export const consoleDevice = defineEndpoint({
  name: "console-device",
  summary: "What waits to be signed in with a code",
  method: "POST",
  path: "/console/api/device",
  permission: "session",
  body: {
    schema: ConsoleDeviceRequest,
    maxBytes: CONSOLE_BODY_MAX_BYTES,
    parse: (json) => parseBody(ConsoleDeviceRequest, json),
  },
  reply: { schema: ConsoleDevice },
  async handle({ session, body }, { accounts }) {
    const { userAgent, network, askedAtMs } = await accounts.devices.look(session, body.user_code);
    return {
      kind: "json",
      body: { type: "console_device", user_agent: userAgent, network, asked_at: new Date(askedAtMs).toISOString() },
    };
  },
});
