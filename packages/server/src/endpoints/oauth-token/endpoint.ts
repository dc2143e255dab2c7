import { TokenReply, TokenRequest } from "@parley/wire";
import type { DeviceRefusal, DeviceTokens } from "../../sign-in/device-sign-in.ts";
import { defineEndpoint, type EndpointRequest, type MadeReply } from "../define-endpoint.ts";
import type { EndpointDeps } from "../deps.ts";
import { DEVICE_GRANT, NOT_KEPT, OAUTH_BODY_MAX_BYTES } from "../shared/device-grant.ts";
import { traceOf } from "../shared/session-reply.ts";
import { parseBody } from "../shared/to-body.ts";

const BAD_REQUEST = 400;
/** Of a refused renewal: Claude Code then asks its user to sign in again. */
const UNAUTHORIZED = 401;

/** RFC 8628, 3.4 and 3.5, and the refresh grant of RFC 6749. Its errors are theirs. */
export const oauthToken = defineEndpoint({
  name: "oauth-token",
  summary: "Tokens of a device that somebody has signed in on",
  method: "POST",
  path: "/oauth/token",
  permission: "public",
  body: {
    schema: TokenRequest,
    maxBytes: OAUTH_BODY_MAX_BYTES,
    format: "form",
    parse: (form) => parseBody(TokenRequest, form),
  },
  reply: { schema: TokenReply },
  handle: async (request, deps) => answer(request, deps),
});

async function answer(request: EndpointRequest<TokenRequest>, { accounts: { devices } }: EndpointDeps): Promise<MadeReply> {
  const { body } = request;
  switch (body.grant_type) {
    case DEVICE_GRANT:
      if (!body.device_code) return refuse(BAD_REQUEST, "invalid_request", "device_code is required");
      return toReply(await devices.poll(body.device_code, traceOf(request)), BAD_REQUEST);
    case "refresh_token":
      if (!body.refresh_token) return refuse(BAD_REQUEST, "invalid_request", "refresh_token is required");
      return toReply(await devices.refresh(body.refresh_token, traceOf(request)), UNAUTHORIZED);
    case undefined:
      return refuse(BAD_REQUEST, "invalid_request", "grant_type is required");
    default:
      return refuse(BAD_REQUEST, "unsupported_grant_type", `grant_type must be ${DEVICE_GRANT} or refresh_token`);
  }
}

const SAID: Readonly<Record<DeviceRefusal, string>> = {
  authorization_pending: "Nobody has answered yet.",
  slow_down: "Ask less often: every so many seconds more.",
  access_denied: "The sign-in was refused.",
  expired_token: "The code is too old. Begin again.",
  invalid_grant: "The code or token is unknown, used or over. Sign in again.",
};

function toReply(outcome: DeviceTokens | DeviceRefusal, refusedStatus: number): MadeReply {
  if (typeof outcome === "string") return refuse(refusedStatus, outcome, SAID[outcome]);
  const { accessToken, refreshToken, expiresInSeconds } = outcome;
  return {
    kind: "json",
    headers: NOT_KEPT,
    body: { access_token: accessToken, refresh_token: refreshToken, token_type: "Bearer", expires_in: expiresInSeconds },
  };
}

function refuse(status: number, error: string, description: string): MadeReply {
  return { kind: "json", status, headers: NOT_KEPT, body: { error, error_description: description } };
}
