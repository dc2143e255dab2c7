import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createAuthenticator } from "../../src/auth/create-authenticator.ts";
import { ensureFirstOrganization } from "../../src/auth/ensure-first-organization.ts";
import { createAdminKey } from "../../src/auth/manage-admin-keys.ts";
import { createKey, type KeyDeps, rotateKey } from "../../src/auth/manage-api-keys.ts";
import type { MasterSecret } from "../../src/auth/master-secret.ts";
import type { BlobStore } from "../../src/blobs/index.ts";
import { openFolderBlobStore } from "../../src/blobs/folder-blob-store.ts";
import type { DoorDeps, DoorOptions } from "../../src/doors/exchange.ts";
import type { ConsoleFiles } from "../../src/doors/console/load-console-files.ts";
import type { ScriptedEngine } from "../../src/doors/testing/scripted-engine.ts";
import { startTestServer } from "../../src/doors/testing/start-test-server.ts";
import { createClientFleet } from "../../src/client-fleet/create-client-fleet.ts";
import { createBatches } from "../../src/batches/create-batches.ts";
import { createFailureLog } from "../../src/ledger/create-failure-log.ts";
import { createLedger } from "../../src/ledger/create-ledger.ts";
import { createFiles } from "../../src/files/create-files.ts";
import { createSkills } from "../../src/skills/create-skills.ts";
import { loadBuiltInSkills } from "../../src/skills/load-built-in-skills.ts";
import { createDatabaseIdempotencyStore } from "../../src/idempotency-in-database.ts";
import { createLimitGauge } from "../../src/limits/create-limit-gauge.ts";
import { createLimiter } from "../../src/limits/create-limiter.ts";
import { createLimitPolicy } from "../../src/limits/limit-policy.ts";
import { DEFAULT_LIMITS } from "../../src/limits/limits-config.ts";
import { createPostgresBucketStore } from "../../src/limits/postgres-bucket-store.ts";
import { PLATFORM_TIERS } from "../../src/limits/tiers.ts";
import { createDataPolicy } from "../../src/retention/create-data-policy.ts";
import { exportWorkspace } from "../../src/retention/export-workspace.ts";
import { createRetention } from "../../src/retention/create-retention.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { openStorage, type Storage } from "../../src/storage/storage.ts";
import { createTestDatabase, silentLog, type TestStorage } from "../../src/storage/testing/test-storage.ts";
import type { BucketStore } from "../../src/limits/bucket-store.ts";
import { createMemoryBucketStore } from "../../src/limits/memory-bucket-store.ts";
import { createAccounts, type Accounts } from "../../src/sign-in/create-accounts.ts";
import type { OpenIdSettings } from "../../src/sign-in/openid.ts";
import { createPeople } from "../../src/tenancy/create-people.ts";
import { createInferenceGeos } from "../../src/tenancy/create-inference-geos.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";

export interface Platform extends AsyncDisposable {
  readonly url: string;
  readonly accounts: Accounts;
  readonly engine: ScriptedEngine;
  readonly master: MasterSecret;
  readonly storage: TestStorage;
  readonly blobs: BlobStore;
  readonly keys: KeyDeps;
  readonly organizationId: string;
  /** The default one. */
  readonly workspaceId: string;
  /** Of the default workspace. */
  readonly apiKey: string;
  readonly adminKey: string;
  /** Another server on the same database, with connections of its own, as a second node. */
  startNode(
    deps?: Partial<DoorDeps>,
    options?: Partial<DoorOptions>,
  ): Promise<AsyncDisposable & { readonly url: string; readonly engine: ScriptedEngine }>;
}

const QUOTA_BYTES = 100_000_000;

/** A real server on a real database, with keys, people and files, over a scripted engine. */
export async function startPlatform({
  openId = null,
  buckets = createMemoryBucketStore({ clock: systemClock }),
  consoleFiles = null,
  deps: ownDeps = {},
}: {
  readonly openId?: OpenIdSettings | null;
  readonly buckets?: BucketStore;
  readonly consoleFiles?: ConsoleFiles | null;
  /** Instead of what the platform would make. */
  readonly deps?: Partial<DoorDeps>;
} = {}): Promise<Platform> {
  await using started = new AsyncDisposableStack();
  const database = started.use(await createTestDatabase());
  const open = () => openStorage({ ...database, log: silentLog, clock: systemClock });
  const storage = started.use(await open());
  const blobs = await openFolderBlobStore(join(database.dataDir, "blobs"));
  const secrets = { hmacKey: randomBytes(32), auditKey: randomBytes(32) };
  const keys: KeyDeps = { ...secrets, storage, clock: systemClock, authenticator: null };
  const { organizationId, workspaceId } = await ensureFirstOrganization(keys);
  const master = randomBytes(32);
  const apiKey = await createKey(keys, { name: "test", workspaceId, expiresAtMs: null }, SYSTEM);
  const adminKey = await createAdminKey(keys, { name: "test", organizationId, expiresAtMs: null }, SYSTEM);

  let nodes = 0;
  async function serve(own: Storage, deps: Partial<DoorDeps> = {}, options: Partial<DoorOptions> = {}) {
    const authenticator = createAuthenticator({ ...keys, storage: own });
    const tenancy = { ...keys, storage: own, authenticator };
    const limitPolicy = createLimitPolicy({ storage: own, clock: systemClock, tiers: PLATFORM_TIERS, defaults: DEFAULT_LIMITS });
    const store = createPostgresBucketStore({ storage: own, clock: systemClock });
    const accounts = createAccounts({
      storage: own,
      people: createPeople(tenancy, organizationId),
      buckets,
      master,
      openId,
      keys: tenancy,
      clock: systemClock,
    });
    const clientFleet = createClientFleet({
      organizationId,
      buckets,
      managedSettings: null,
      telemetryTo: [],
      send: async () => {},
      log: silentLog,
    });
    const files = createFiles({ storage: own, blobs, clock: systemClock, quotaBytes: QUOTA_BYTES });
    const builtIns = await loadBuiltInSkills();
    const skills = createSkills({ ...tenancy, blobs, quotaBytes: QUOTA_BYTES, builtIns });
    const batches = createBatches({ storage: own, blobs, clock: systemClock, retentionDays: 30, wake() {} });
    nodes += 1;
    const ledger = await createLedger({ storage: own, spoolDir: join(database.dataDir, `spool-${nodes}`), log: silentLog });
    const dataPolicy = createDataPolicy({ storage: own, clock: systemClock });
    const keepsNothing = (id: string) => dataPolicy.keepsNothing(id);
    const failures = createFailureLog({ storage: own, clock: systemClock, log: silentLog, keepsNothing, retentionDays: 30 });
    const server = await startTestServer({
      consoleFiles,
      ...options,
      deps: {
        authenticator,
        limitPolicy,
        limiter: createLimiter({ store, policy: limitPolicy, clock: systemClock }),
        limitGauge: createLimitGauge(store),
        tenancy,
        idempotency: createDatabaseIdempotencyStore({ storage: own, clock: systemClock, log: silentLog }),
        dataPolicy,
        ledger,
        failures,
        inferenceGeos: createInferenceGeos({ storage: own, clock: systemClock, standsIn: null }),
        accounts,
        clientFleet,
        createApiKey: (options, doer) => createKey({ ...tenancy, hmacKey: keys.hmacKey }, options, doer),
        rotateApiKey: (id, overlapMs, doer) => rotateKey({ ...tenancy, hmacKey: keys.hmacKey }, id, overlapMs, doer),
        files,
        skills,
        batches,
        exportWorkspace: (workspace) => exportWorkspace({ storage: own, blobs, clock: systemClock }, workspace),
        retention: createRetention({
          storage: own,
          clock: systemClock,
          content: [files, skills, batches, failures],
          defaultDays: 30,
        }),
        ...deps,
      },
    });
    return {
      url: server.url,
      accounts,
      engine: server.engine,
      async [Symbol.asyncDispose]() {
        await server.close();
        await failures[Symbol.asyncDispose]();
        await ledger.close();
        await authenticator.close();
      },
    };
  }

  const node = started.use(await serve(storage, ownDeps));
  const running = started.move();
  return {
    url: node.url,
    accounts: node.accounts,
    engine: node.engine,
    master,
    storage: { ...storage, databaseUrl: database.databaseUrl, dataDir: database.dataDir },
    blobs,
    keys,
    organizationId,
    workspaceId,
    apiKey: apiKey.secret,
    adminKey: adminKey.secret,
    async startNode(deps, options) {
      const own = await open();
      const second = await serve(own, deps, options);
      return {
        url: second.url,
        engine: second.engine,
        async [Symbol.asyncDispose]() {
          await second[Symbol.asyncDispose]();
          await own.close();
        },
      };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
