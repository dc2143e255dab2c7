import { TelemetryTaken } from "@parley/wire";
import type { TelemetrySignal } from "../../client-fleet/create-client-fleet.ts";
import { defineEndpoint, type Endpoint } from "../define-endpoint.ts";

/** What an exporter writes at once is some hundred kilobytes. */
const BODY_MAX_BYTES = 4 * 1024 * 1024;

/** OTLP over HTTP from machines that are signed in, protobuf or JSON: taken whether or not somebody wants it, so that they do not try again. */
export function takeTelemetry(signal: TelemetrySignal): Endpoint {
  return defineEndpoint({
    name: `telemetry-${signal}`,
    summary: `Take ${signal} of Claude Code, and pass them on`,
    method: "POST",
    path: `/v1/${signal}`,
    permission: "workspace",
    forClaudeCode: true,
    isUnversioned: true,
    body: { schema: TelemetryTaken, maxBytes: BODY_MAX_BYTES, format: "bytes", parse: () => null },
    reply: { schema: TelemetryTaken },
    async handle({ principal, headers, bodyBytes }, { clientFleet }) {
      await clientFleet.relay(principal, signal, headers, bodyBytes);
      return { kind: "json", body: {} };
    },
  });
}
