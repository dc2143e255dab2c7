import { AuthorizationServer } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { DEVICE_GRANT } from "../shared/device-grant.ts";

/** RFC 8414. There is no authorization endpoint: devices have no browser that could be sent back to them. */
export const oauthMetadata = defineEndpoint({
  name: "oauth-metadata",
  summary: "Where devices ask to be signed in",
  method: "GET",
  path: "/.well-known/oauth-authorization-server",
  permission: "public",
  reply: { schema: AuthorizationServer },
  async handle({ origin }) {
    return {
      kind: "json",
      body: {
        issuer: origin,
        device_authorization_endpoint: `${origin}/oauth/device_authorization`,
        token_endpoint: `${origin}/oauth/token`,
        grant_types_supported: [DEVICE_GRANT, "refresh_token"],
        token_endpoint_auth_methods_supported: ["none"],
        gateway_protocol_version: 1,
      },
    };
  },
});
