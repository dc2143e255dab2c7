import { z } from "zod";

const userCode = z.string().min(1).max(40);

export const ConsoleDeviceRequest = z
  .strictObject({ user_code: userCode })
  .meta({ id: "ConsoleDeviceRequest", description: "Asks what waits with the code that a device shows." });

export const ConsoleDeviceDecision = z
  .strictObject({
    user_code: userCode,
    approve: z.boolean(),
    /** Null, or left out: the default one. */
    workspace_id: z.string().min(1).nullish(),
  })
  .meta({ id: "ConsoleDeviceDecision" });

/** A device that waits to be signed in. */
export const ConsoleDevice = z
  .object({
    type: z.literal("console_device"),
    /** As it calls itself. */
    user_agent: z.string().nullable(),
    /** The address from which it asked. */
    network: z.string(),
    asked_at: z.string(),
  })
  .meta({ id: "ConsoleDevice" });
export type ConsoleDevice = z.infer<typeof ConsoleDevice>;

/** RFC 8628, 3.1. Other fields are for others. */
export const DeviceAuthorizationRequest = z
  .looseObject({ client_id: z.string().optional(), scope: z.string().optional() })
  .meta({ id: "DeviceAuthorizationRequest" });

export const DeviceAuthorization = z
  .object({
    device_code: z.string(),
    user_code: z.string(),
    verification_uri: z.string(),
    verification_uri_complete: z.string(),
    expires_in: z.int(),
    interval: z.int(),
  })
  .meta({ id: "DeviceAuthorization" });

/** The device grant of RFC 8628, and the refresh grant of RFC 6749. */
export const TokenRequest = z
  .looseObject({
    grant_type: z.string().optional(),
    device_code: z.string().optional(),
    refresh_token: z.string().optional(),
    client_id: z.string().optional(),
  })
  .meta({ id: "TokenRequest" });
export type TokenRequest = z.infer<typeof TokenRequest>;

export const TokenReply = z
  .object({ access_token: z.string(), refresh_token: z.string(), token_type: z.literal("Bearer"), expires_in: z.int() })
  .meta({ id: "TokenReply" });

/** RFC 8414. */
export const AuthorizationServer = z
  .object({
    issuer: z.string(),
    device_authorization_endpoint: z.string(),
    token_endpoint: z.string(),
    grant_types_supported: z.array(z.string()),
    token_endpoint_auth_methods_supported: z.array(z.string()),
    gateway_protocol_version: z.int(),
  })
  .meta({ id: "AuthorizationServer" });

/** What Claude Code asks its gateway for. */
export const ManagedSettingsReply = z
  .object({ uuid: z.string(), checksum: z.string(), settings: z.record(z.string(), z.unknown()) })
  .meta({ id: "ManagedSettingsReply" });

export const TelemetryTaken = z.object({}).meta({ id: "TelemetryTaken" });
