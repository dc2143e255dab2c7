import { tmpdir } from "node:os";
import { createPriceBook } from "../../money/price-book.ts";
import { createRecordingBiller } from "../../money/create-recording-biller.ts";
import { createRunningTurns } from "../../endpoints/shared/running-turns.ts";
import type { RequestFailure } from "../../ledger/create-failure-log.ts";
import type { TurnRecord } from "../../ledger/ledger.ts";
import type { Estimate } from "../../limits/limiter.ts";
import { createBatches } from "../../batches/create-batches.ts";
import { createEgress, createEgressPolicy } from "../../egress/index.ts";
import { localMedia } from "../../documents/testing/local-media.ts";
import { createClientFleet } from "../../client-fleet/create-client-fleet.ts";
import { createContainers } from "../../containers/create-containers.ts";
import { createFiles } from "../../files/create-files.ts";
import { createSkills } from "../../skills/create-skills.ts";
import { DEFAULT_LIMITS } from "../../limits/limits-config.ts";
import { createChanges } from "../../platform/changes.ts";
import { createModelRegistry } from "../../models/model-registry.ts";
import { systemClock } from "../../platform/clock.ts";
import { fail } from "../../platform/fail.ts";
import { createLog } from "../../platform/log.ts";
import { createMetrics } from "../../platform/metrics.ts";
import { NO_TRACING } from "../../platform/tracing.ts";
import { createThinkingSigner } from "../../prompt/index.ts";
import { absentMcp } from "./absent-mcp.ts";
import { absentBlobs } from "./absent-blobs.ts";
import { createAccounts } from "../../sign-in/create-accounts.ts";
import { createMemoryBucketStore } from "../../limits/memory-bucket-store.ts";
import { createPeople } from "../../tenancy/create-people.ts";
import { absentStorage } from "./absent-storage.ts";
import type { DoorDeps } from "../exchange.ts";
import { createServer, type ServerOptions } from "../create-server.ts";
import { createIdleModelControl } from "./idle-model-control.ts";
import { createMemoryIdempotencyStore } from "./memory-idempotency-store.ts";
import { createScriptedEngine } from "./scripted-engine.ts";

export const KEY = "sk-ant-api03-test";
export const OTHER_KEY = "sk-ant-api03-other";
export const RATE_HEADERS = { "anthropic-ratelimit-requests-limit": "1000", "anthropic-ratelimit-requests-remaining": "999" };

/** A whole server over real HTTP with a scripted engine. Keys, limits and the ledger are in memory, unless `deps` has others. */
export async function startTestServer({ deps, ...options }: Partial<ServerOptions> & { readonly deps?: Partial<DoorDeps> } = {}) {
  const engine = createScriptedEngine();
  const rows: TurnRecord[] = [];
  const failures: RequestFailure[] = [];
  const limits = {
    read: [] as (string | null)[],
    reserved: [] as Estimate[],
    settled: 0,
    released: 0,
    refuse: null as Error | null,
  };
  let keysSeen = 0;
  const idempotency = createMemoryIdempotencyStore();
  const tenancy = { storage: absentStorage, clock: systemClock, auditKey: Buffer.alloc(32), authenticator: null };
  const lines: string[] = [];
  const log = createLog({ level: "info", destination: { write: (line) => void lines.push(line) } });
  const server = createServer({
    engine,
    idempotency,
    log,
    clock: systemClock,
    metrics: createMetrics(),
    tracing: NO_TRACING,
    models: createModelRegistry({ mapping: { haiku: "tiny", sonnet: "tiny", opus: "tiny" }, engine }),
    modelControl: createIdleModelControl({ engine, mapping: { haiku: "tiny", sonnet: "tiny", opus: "tiny" } }),
    changes: createChanges(),
    thinkingSigner: createThinkingSigner(Buffer.alloc(32, 1)),
    searchSeals: createThinkingSigner(Buffer.alloc(32, 3)),
    turns: createRunningTurns(),
    files: createFiles({ storage: absentStorage, blobs: absentBlobs, clock: systemClock, quotaBytes: 0 }),
    skills: createSkills({ ...tenancy, blobs: absentBlobs, quotaBytes: 0, builtIns: [] }),
    containers: createContainers({ storage: absentStorage, clock: systemClock, folder: tmpdir(), lifeDays: 1 }),
    media: localMedia,
    egress: createEgress(createEgressPolicy({ allow: [], isPublicReached: false, resolve: async () => [] })),
    mcp: absentMcp,
    batches: createBatches({ storage: absentStorage, blobs: absentBlobs, clock: systemClock, retentionDays: 30, wake() {} }),
    exportWorkspace() {
      throw fail("api_error", { public: "There is no database here" });
    },
    retention: { defaultDays: 30, async enforce() {}, async empty() {} },
    tenancy,
    dataPolicy: { keepsNothing: async () => false, requireStorage: async () => {}, forget() {} },
    inferenceGeos: { standsIn: null, choose: async () => "global" },
    accounts: createAccounts({
      storage: absentStorage,
      people: createPeople(tenancy, "org_1"),
      buckets: createMemoryBucketStore({ clock: systemClock }),
      master: Buffer.alloc(32, 2),
      openId: null,
      keys: { ...tenancy, hmacKey: Buffer.alloc(32, 4) },
      clock: systemClock,
    }),
    clientFleet: createClientFleet({
      organizationId: "org_1",
      buckets: createMemoryBucketStore({ clock: systemClock }),
      managedSettings: null,
      telemetryTo: [],
      send: async () => {},
      log: { warn() {} },
    }),
    createApiKey: async () => {
      throw fail("api_error", { public: "There is no database here" });
    },
    rotateApiKey: async () => {
      throw fail("api_error", { public: "There is no database here" });
    },
    readiness: async () => ({ database: true, engine: true }),
    authenticator: {
      async authenticateAdmin() {
        throw fail("authentication_error", { public: "invalid x-api-key" });
      },
      async authenticate(secret) {
        keysSeen++;
        if (secret === KEY) return { organizationId: "org_1", workspaceId: "wrkspc_1", apiKeyId: "apikey_1" };
        if (secret === OTHER_KEY) return { organizationId: "org_1", workspaceId: "wrkspc_2", apiKeyId: "apikey_2" };
        throw fail("authentication_error", { public: "invalid x-api-key" });
      },
      findSigner: async () => null,
    },
    limiter: {
      async headers(_principal, modelClass) {
        limits.read.push(modelClass);
        return RATE_HEADERS;
      },
      async countTokens() {
        if (limits.refuse) throw limits.refuse;
      },
      async reserve(_principal, estimate) {
        if (limits.refuse) throw limits.refuse;
        limits.reserved.push(estimate);
        let isSettled = false;
        return {
          headers: () => RATE_HEADERS,
          serviceTier: "standard",
          async settle() {
            isSettled = true;
            limits.settled++;
          },
          async [Symbol.asyncDispose]() {
            if (!isSettled) limits.released++;
          },
        };
      },
    },
    limitPolicy: {
      organizationLimitsOf: async () => DEFAULT_LIMITS,
      limitsOf: async () => ({ organization: DEFAULT_LIMITS, workspace: {}, priority: {} }),
      forget() {},
    },
    limitGauge: { read: async () => [] },
    charging: { isOn: false, isPrepaid: false },
    alertChannels: { webhookOrigin: null, mailFrom: null },
    biller: createRecordingBiller({ prices: createPriceBook() }),
    ledger: {
      async record(row) {
        rows.push(row);
      },
      async caughtUp() {},
    },
    failures: { add: (failure) => void failures.push(failure) },
    ...deps,
  });
  const { url, port } = await server.listen({ port: 0, ...options });
  return {
    url,
    port,
    engine,
    rows,
    failures,
    limits,
    idempotency,
    lines,
    keysSeen: () => keysSeen,
    close: (graceMs = 200, noticeMs = 0) => server.close(graceMs, noticeMs),
  };
}

export type TestServer = Awaited<ReturnType<typeof startTestServer>>;

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly key?: string | null;
  readonly signal?: AbortSignal;
}

export const BODY = { model: "claude-haiku-4-5", max_tokens: 100, messages: [{ role: "user", content: "Hi" }] };

export function post(
  server: TestServer,
  path: string,
  body: unknown,
  { headers = {}, key = KEY, signal }: CallOptions = {},
): Promise<Response> {
  return fetch(`${server.url}${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "anthropic-version": "2023-06-01",
      ...(key === null ? {} : { "x-api-key": key }),
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
}

export function get(server: TestServer, path: string, { headers = {}, key = KEY }: CallOptions = {}): Promise<Response> {
  return fetch(`${server.url}${path}`, {
    headers: { "anthropic-version": "2023-06-01", ...(key === null ? {} : { "x-api-key": key }), ...headers },
  });
}

/** Event names and data of a stream that has ended. */
export function parseEvents(text: string): { readonly event: string; readonly data: Record<string, unknown> }[] {
  return text.split("\n\n").flatMap((frame) => {
    const match = /^event: (.*)\ndata: (.*)$/.exec(frame);
    return match ? [{ event: match[1]!, data: JSON.parse(match[2]!) as Record<string, unknown> }] : [];
  });
}

/** Waits until something that happens in the server has happened. */
export async function until(condition: () => boolean, withinMs = 20_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("it did not happen in time");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
