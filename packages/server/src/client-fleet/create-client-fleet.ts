import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Principal } from "../auth/principal.ts";
import type { BucketStore } from "../limits/bucket-store.ts";
import { takeOrRefuse } from "../limits/take-or-refuse.ts";
import { fail } from "../platform/fail.ts";
import type { Log } from "../platform/log.ts";

export type TelemetrySignal = "metrics" | "logs" | "traces";

export interface ManagedSettings {
  readonly settings: Readonly<Record<string, unknown>>;
  /** Differs where the settings do. */
  readonly checksum: string;
}

/**
 * Claude Code on the machines of people of the organization that owns this server, which is their gateway. Other organizations neither get
 * its operator's settings, which can run commands, nor write to its collectors. Throws `rate_limit_error` for who comes too often.
 */
export interface ClientFleet {
  /** What its operator sets for all of them, at this server's address; null: nothing. */
  settingsFor(caller: Principal, origin: string): Promise<ManagedSettings | null>;
  /**
   * Passes telemetry on as it came, behind the request: a collector that is away is no error of the machine's. Throws `permission_error`
   * for another organization's.
   */
  relay(caller: Principal, signal: TelemetrySignal, headers: IncomingHttpHeaders, body: Uint8Array): Promise<void>;
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
/** Of one key. A session writes every five seconds: some forty at once, all day. */
const REQUESTS_PER_MINUTE = 600;
const BYTES_PER_MINUTE = 64 * 1024 * 1024;

export interface ClientFleetOptions {
  /** The one that owns the server. */
  readonly organizationId: string;
  readonly buckets: BucketStore;
  readonly managedSettings: Readonly<Record<string, unknown>> | null;
  readonly telemetryTo: readonly Collector[];
  readonly send: SendTelemetry;
  readonly log: Pick<Log, "warn">;
}

export function createClientFleet(options: ClientFleetOptions): ClientFleet {
  const { organizationId, buckets, managedSettings, telemetryTo, send, log } = options;
  let waitingBytes = 0;

  function count({ apiKeyId, userId }: Principal, bytes: number): Promise<void> {
    // What people do in the Console has one key's name.
    const whose = `${apiKeyId}:${userId ?? ""}`;
    const demands = [
      { key: `fleet:requests:${whose}`, limitPerMinute: REQUESTS_PER_MINUTE, tokens: 1 },
      { key: `fleet:bytes:${whose}`, limitPerMinute: BYTES_PER_MINUTE, tokens: bytes },
    ];
    return takeOrRefuse(
      buckets,
      demands,
      `A key may send ${REQUESTS_PER_MINUTE} requests and ${BYTES_PER_MINUTE / 1024 ** 2} MiB of telemetry a minute.`,
    );
  }

  return {
    async settingsFor(caller, origin) {
      await count(caller, 0);
      if (caller.organizationId !== organizationId) return null;
      if (managedSettings === null && telemetryTo.length === 0) return null;
      const { env: ownEnv, ...rest } = managedSettings ?? {};
      const env = { ...(telemetryTo.length > 0 ? telemetryEnvironment(origin) : {}), ...(isRecord(ownEnv) ? ownEnv : {}) };
      const settings = Object.keys(env).length > 0 ? { ...rest, env } : rest;
      const checksum = `sha256:${createHash("sha256").update(JSON.stringify(settings)).digest("hex")}`;
      return { settings, checksum };
    },

    async relay(caller, signal, headers, body) {
      if (caller.organizationId !== organizationId) {
        throw fail("permission_error", { public: "Only the organization that owns this server may send telemetry here." });
      }
      await count(caller, body.length);
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
