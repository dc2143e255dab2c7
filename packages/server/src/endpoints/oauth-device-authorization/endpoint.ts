import { DeviceAuthorization, DeviceAuthorizationRequest } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { NOT_KEPT, OAUTH_BODY_MAX_BYTES } from "../shared/device-grant.ts";
import { traceOf } from "../shared/session-reply.ts";
import { parseBody } from "../shared/to-body.ts";

/** RFC 8628, 3.1 and 3.2. */
export const oauthDeviceAuthorization = defineEndpoint({
  name: "oauth-device-authorization",
  summary: "A code that somebody signs a device in with",
  method: "POST",
  path: "/oauth/device_authorization",
  permission: "public",
  body: {
    schema: DeviceAuthorizationRequest,
    maxBytes: OAUTH_BODY_MAX_BYTES,
    format: "form",
    parse: (form) => parseBody(DeviceAuthorizationRequest, form),
  },
  reply: { schema: DeviceAuthorization },
  async handle(request, { accounts }) {
    const { deviceCode, userCode, expiresInSeconds, intervalSeconds } = await accounts.devices.begin(traceOf(request));
    const page = `${request.origin}/device`;
    return {
      kind: "json",
      headers: NOT_KEPT,
      body: {
        device_code: deviceCode,
        user_code: userCode,
        verification_uri: page,
        verification_uri_complete: `${page}?user_code=${userCode}`,
        expires_in: expiresInSeconds,
        interval: intervalSeconds,
      },
    };
  },
});
