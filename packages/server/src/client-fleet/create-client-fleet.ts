import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Log } from "../platform/log.ts";

export type TelemetrySignal = "metrics" | "logs" | "traces";

export interface ManagedSettings {
  readonly settings: Readonly<Record<string, unknown>>;
  /** Differs where the settings do. */
  readonly checksum: string;
}

/** Claude Code on the machines of an organization's people, which this server is the gateway of. */
export interface ClientFleet {
  /** What its operator sets for all of them, at this server's address; null: nothing. */
  settingsFor(origin: string): ManagedSettings | null;
  /** Passes telemetry on as it came, behind the request: a collector that is away is no error of the machine's. */
  relay(signal: TelemetrySignal, headers: IncomingHttpHeaders, body: Uint8Array): void;
}

export interface Collector {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends bytes to a collector of the operator's. Throws where it does not take them. */
export type SendTelemetry = (
  url: string,
  request: { readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array },
) => Promise<void>;

/** Of what collectors have not taken yet; more is dropped. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024;

export function createClientFleet(options: {
  readonly managedSettings: Readonly<Record<string, unknown>> | null;
  readonly telemetryTo: readonly Collector[];
  readonly send: SendTelemetry;
  readonly log: Pick<Log, "warn">;
}): ClientFleet {
  const { managedSettings, telemetryTo, send, log } = options;
  let waitingBytes = 0;

  return {
    settingsFor(origin) {
      if (managedSettings === null && telemetryTo.length === 0) return null;
      const { env: ownEnv, ...rest } = managedSettings ?? {};
      const env = { ...(telemetryTo.length > 0 ? telemetryEnvironment(origin) : {}), ...(isRecord(ownEnv) ? ownEnv : {}) };
      const settings = Object.keys(env).length > 0 ? { ...rest, env } : rest;
      const checksum = `sha256:${createHash("sha256").update(JSON.stringify(settings)).digest("hex")}`;
      return { settings, checksum };
    },

    relay(signal, headers, body) {
      for (const { url, headers: own } of telemetryTo) {
        if (waitingBytes + body.length > WAITING_BYTES_MAX) {
          log.warn({ collector: url }, "telemetry of a client is dropped: its collector is too slow");
          continue;
        }
        waitingBytes += body.length;
        void send(`${url.replace(/\/+$/, "")}/v1/${signal}`, { headers: { ...kept(headers), ...own }, body })
          .catch((error: unknown) => log.warn({ err: error, collector: url }, "telemetry of a client could not be passed on"))
          .finally(() => (waitingBytes -= body.length));
      }
    },
  };
}

/** Has the machine send its telemetry here. */
function telemetryEnvironment(origin: string): Readonly<Record<string, string>> {
  return {
    CLAUDE_CODE_ENABLE_TELEMETRY: "1",
    OTEL_METRICS_EXPORTER: "otlp",
    OTEL_LOGS_EXPORTER: "otlp",
    OTEL_TRACES_EXPORTER: "otlp",
    OTEL_EXPORTER_OTLP_ENDPOINT: origin,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
  };
}

/** What says how the body is to be read, and nothing of who sends it: its token is not the collector's to see. */
function kept(headers: IncomingHttpHeaders): Record<string, string> {
  const { "content-type": type = "application/x-protobuf", "content-encoding": encoding } = headers;
  return { "content-type": type, ...(encoding === undefined ? {} : { "content-encoding": encoding }) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
