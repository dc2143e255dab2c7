import { hostname } from "node:os";
import { join } from "node:path";
import { checkMasterSecret } from "./auth/check-master-secret.ts";
import { createAuthenticator } from "./auth/create-authenticator.ts";
import { ensureFirstOrganization } from "./auth/ensure-first-organization.ts";
import { API_KEY_PURPOSE, createFirstKey, createKey, rotateKey } from "./auth/manage-api-keys.ts";
import { deriveKey, loadMasterSecret } from "./auth/master-secret.ts";
import { startClientFleet } from "./client-fleet/start-client-fleet.ts";
import { createBatches } from "./batches/create-batches.ts";
import { startBatchWorker } from "./batches/create-batch-worker.ts";
import { openBlobStore, removeOrphans } from "./blobs/index.ts";
import { createAccounts } from "./sign-in/create-accounts.ts";
import { ownerLink } from "./sign-in/links.ts";
import type { OpenIdSettings } from "./sign-in/openid.ts";
import { createInferenceGeos } from "./tenancy/create-inference-geos.ts";
import { createPeople } from "./tenancy/create-people.ts";
import { findConsoleFolder } from "./doors/console/find-console-folder.ts";
import { createCompactor } from "./compaction/create-compactor.ts";
import { loadConsoleFiles } from "./doors/console/load-console-files.ts";
import { createMediaFetcher } from "./documents/create-media-fetcher.ts";
import { readImagePlaces, readImageText } from "./documents/read-image-text.ts";
import { createMediaReader } from "./documents/read-media.ts";
import { createTurnTaker } from "./platform/take-turns.ts";
import { createServer, toNetworks } from "./doors/index.ts";
import type { EngineDoorAddress } from "./doors/engine/open-engine-door.ts";
import { createEgress, createEgressPolicy, resolveBySystem, resolveInTurn } from "./egress/index.ts";
import { createBatchItemRunner } from "./endpoints/shared/create-batch-item-runner.ts";
import { createRunningTurns } from "./endpoints/shared/running-turns.ts";
import { createContainers } from "./containers/create-containers.ts";
import { createFiles } from "./files/create-files.ts";
import { createSkillFolders } from "./skills/create-skill-folders.ts";
import { createSkills } from "./skills/create-skills.ts";
import { loadBuiltInSkills } from "./skills/load-built-in-skills.ts";
import { createDatabaseIdempotencyStore } from "./idempotency-in-database.ts";
import { createJobs } from "./jobs/create-jobs.ts";
import { reconcileLedger } from "./ledger/reconcile-ledger.ts";
import { createFailureLog } from "./ledger/create-failure-log.ts";
import { chooseDurability } from "./ledger/choose-durability.ts";
import { createLedger } from "./ledger/create-ledger.ts";
import { createLimitGauge } from "./limits/create-limit-gauge.ts";
import { createLimiter } from "./limits/create-limiter.ts";
import { chooseBucketStore, openBucketStore } from "./limits/open-bucket-store.ts";
import { createLimitPolicy } from "./limits/limit-policy.ts";
import { toAcceleration, toDefaultLimits, toTiers } from "./limits/to-tiers.ts";
import { followRoutes } from "./models/follow-routes.ts";
import { createPriceBook } from "./money/price-book.ts";
import { advanceTiers, monthlyCapOf } from "./money/advance-tiers.ts";
import { createChargingBiller } from "./money/create-charging-biller.ts";
import { usdToNanoUsd } from "./money/nano-usd.ts";
import { toAlertChannels, toAlertSenders } from "./money/alerts/alert-channels.ts";
import { createSpendAlerts } from "./money/alerts/create-spend-alerts.ts";
import { createRecordingBiller } from "./money/create-recording-biller.ts";
import { toOwnPrices } from "./money/to-own-prices.ts";
import { systemClock } from "./platform/clock.ts";
import type { Config } from "./platform/config.ts";
import { isUp } from "./platform/is-up.ts";
import type { Log } from "./platform/log.ts";
import type { MetricReadings } from "./platform/expose-metrics.ts";
import { createMetrics } from "./platform/metrics.ts";
import { createTracing } from "./platform/tracing.ts";
import { createThinkingSigner } from "./prompt/index.ts";
import { createDataPolicy } from "./retention/create-data-policy.ts";
import { createRetention } from "./retention/create-retention.ts";
import { sweepIdempotencyKeys } from "./storage/idempotency.ts";
import { exportWorkspace } from "./retention/export-workspace.ts";
import { findPassages } from "./storage/search-index.ts";
import { ensureLedgerPartitions } from "./storage/turn-records.ts";
import { pruneLimitBuckets } from "./storage/limit-buckets.ts";
import { AUDIT_PURPOSE } from "./tenancy/tenancy-deps.ts";
import { createChanges } from "./platform/changes.ts";
import { openSandbox } from "./sandbox/open-sandbox.ts";
import { toSandboxLimits } from "./sandbox/to-limits.ts";
import { createMcpConnector } from "./tools/mcp/create-mcp-connector.ts";
import { borrowCodeRunner } from "./tools/code-execution/borrow-code-runner.ts";
import { createCodeRunner } from "./tools/code-execution/create-code-runner.ts";
import { lendCodeRunner } from "./tools/code-execution/lend-code-runner.ts";
import { createServerTools } from "./tools/create-server-tools.ts";
import { createToolLoop } from "./tools/create-tool-loop.ts";
import { createValidator } from "./engines/turn-engine/grammar/validator.ts";
import { startEngines } from "./start-engines.ts";
import { borrowEngines, lendEngines } from "./start-shared-engines.ts";
import { openSharedClock } from "./storage/open-shared-clock.ts";
import { openStorage } from "./storage/storage.ts";

export interface Parley {
  /** `http://127.0.0.1:8484`, without a slash at the end. */
  readonly url: string;
  /** The first API key, from the start that created it; null from later ones. */
  readonly firstApiKey: string | null;
  /** Where people sign in; while nobody owns the organization the link that makes its owner. Null: the Console is not built. */
  readonly consoleUrl: string | null;
  /** What this process has counted. */
  readMetrics(): Promise<MetricReadings>;
  /** Has all nodes read anew who answers for which model; throws where that cannot be used here. */
  readonly reloadRoutes: (askedBy: string) => Promise<void>;
  /** Lets streams under way finish, then stops everything that was started. */
  close(): Promise<void>;
}

/**
 * What of a node this process is: all of it; the one that holds the engines and does what is done by the clock, while others answer; or one
 * of those. See docs/decisions/2026-11-22-many-nodes.md.
 */
export type Role =
  | { readonly kind: "whole" }
  | { readonly kind: "parent"; readonly startWorkers: (door: EngineDoorAddress) => Promise<RunningWorkers> }
  | { readonly kind: "worker"; readonly door: EngineDoorAddress; readonly workers: number };

/** The processes that answer for this one. */
export interface RunningWorkers {
  readonly url: string;
  readMetrics(): Promise<readonly MetricReadings[]>;
  /** Lets streams under way finish. */
  close(): Promise<void>;
}

const SWEEP_EVERY_MS = 60_000;
/** Of the embedded database, which takes 60: what is left is for commands and backups. */
const DATABASE_CONNECTIONS = 50;
const DATABASE_CONNECTIONS_OF_ONE = 10;
/** Processes and threads that read documents and pages at once; each may take a core, and one that reads a picture 2 GiB. */
const DOCUMENT_READERS = 2;
const FORGET_BUCKETS_AFTER_MS = 86_400_000;
/** How long streams under way may go on once Parley is told to stop. */
const DRAIN_MS = 30_000;
const DAY_MS = 86_400_000;
const MS_PER_SECOND = 1_000;

/** The composition root: the only place that constructs things. */
export async function startParley(options: {
  readonly config: Config;
  /** Reads the configuration as it is now. Throws where it is not valid. */
  readonly reread: () => Config;
  /** Holds the database, weights, cache and secrets. */
  readonly dataDir: string;
  readonly log: Log;
  /** Left out: whole. */
  readonly role?: Role;
}): Promise<Parley> {
  const { config, reread, dataDir, log, role = { kind: "whole" } } = options;
  await using started = new AsyncDisposableStack();

  const metrics = createMetrics({ workspacesMax: config.metrics.workspaces });
  const tracing = await createTracing({ otlpEndpoint: config.telemetry.otlp_endpoint });
  const master = await loadMasterSecret(dataDir);
  const hmacKey = deriveKey(master, API_KEY_PURPOSE);
  const thinkingSigner = createThinkingSigner(deriveKey(master, "thinking-signature"));

  const workers = role.kind === "worker" ? role.workers : 0;
  const maxConnections = Math.min(DATABASE_CONNECTIONS_OF_ONE, Math.floor(DATABASE_CONNECTIONS / (workers + 1)));
  const storage = started.use(
    await openStorage({ databaseUrl: config.database_url, dataDir, log, clock: systemClock, maxConnections }),
  );
  const clock = storage.kind === "server" ? started.use(await openSharedClock(storage, systemClock)) : systemClock;
  await checkMasterSecret({ storage, master, log });
  const auditKey = deriveKey(master, AUDIT_PURPOSE);
  const first = await ensureFirstOrganization({ storage, auditKey, clock, authenticator: null });
  const durability = chooseDurability(config.ledger.durability, storage.kind);
  const ledger = started.use(await createLedger({ storage, spoolDir: join(dataDir, "ledger-spool"), durability, log }));
  const blobs = started.use(await openBlobStore(config.files, dataDir));
  const quotaBytes = config.files.quota_bytes;
  const files = createFiles({ storage, blobs, clock, quotaBytes });
  const builtIns = await loadBuiltInSkills();
  const skills = createSkills({ storage, blobs, clock, auditKey, quotaBytes, builtIns });
  const skillFolders = createSkillFolders({ storage, skills, builtIns, folder: join(dataDir, "skills") });
  const { allow, public: isPublicReached } = config.egress;
  const egress = createEgress(createEgressPolicy({ allow, isPublicReached, resolve: resolveInTurn(resolveBySystem) }));
  const authenticator = started.use(createAuthenticator({ storage, hmacKey, clock }));

  const buckets = started.use(
    await openBucketStore({
      kind: chooseBucketStore(config.limits.store, {
        redisUrl: config.redis_url,
        database: storage.embedded?.role ?? "server",
      }),
      redisUrl: config.redis_url,
      storage,
      clock,
      log,
    }),
  );

  const tiers = toTiers(config.limits.tiers);
  const limitPolicy = createLimitPolicy({
    storage,
    clock,
    tiers,
    defaults: toDefaultLimits(config.limits, tiers),
    acceleration: toAcceleration(config.limits),
  });

  const signThinking = (workspaceId: string, thinking: string): string => thinkingSigner.sign(workspaceId, thinking);
  const changes = createChanges();
  const stopping = new AbortController();
  const doorSecret = deriveKey(master, "engine-door").toString("hex");
  const engineOptions = { config, reread, changes, signThinking, doorSecret, clock, log, metrics, tracing };
  const borrowed = role.kind === "worker" ? started.use(borrowEngines(role.door, engineOptions)) : null;
  const engines = borrowed ?? started.use(await startEngines({ ...engineOptions, dataDir, storage, signal: stopping.signal }));
  const { router, routes, modelControl } = engines;
  const node = `${hostname()}:${process.pid}`;
  const drain = (upstreams: ReadonlySet<string>): void => {
    router.drain(upstreams);
    log.info({ upstreams: [...upstreams] }, "the upstreams that get no new turns are others now");
    changes.note(null, "models");
  };
  started.use(await followRoutes({ storage, reload: engines.reloadRoutes, drain, node, log }));
  const { enabled: runsCode, folder: containersFolder, container_days: lifeDays, concurrency } = config.code_execution;
  const containers = createContainers({
    storage,
    clock,
    folder: containersFolder ?? join(dataDir, "containers"),
    lifeDays,
  });
  const sandboxLimits = toSandboxLimits(config.code_execution);
  const opened = runsCode ? await openSandbox(dataDir, sandboxLimits) : { sandbox: null };
  if ("problem" in opened) log.warn(opened.problem, "there is no sandbox, so code execution is unavailable");
  const codeRunner =
    borrowed === null
      ? createCodeRunner({
          sandbox: opened.sandbox,
          containers,
          files,
          skillFolders,
          concurrency,
          createCheck: (schema) => createValidator(schema).validate,
        })
      : borrowCodeRunner({
          sandbox: opened.sandbox,
          containers,
          ask: (question, signal) => borrowed.ask("code", question, signal),
        });
  const documentTurns = createTurnTaker(DOCUMENT_READERS);
  const searchSeals = createThinkingSigner(deriveKey(master, "search-content"));
  const mcp = createMcpConnector({
    egress,
    isEnabled: config.mcp.enabled,
    resultMaxCharacters: config.mcp.result_characters,
    log,
  });
  const toolLoop = createToolLoop({
    engine: router,
    tools: createServerTools({
      config,
      egress,
      resolve: resolveBySystem,
      turns: documentTurns,
      searchIndex: (query, limit) => findPassages(storage, { query, language: config.web_search.language, limit }),
      sealSearch: (id, text) => searchSeals.sign(id, text),
      clock,
      code: { runner: codeRunner, timeoutMs: sandboxLimits.timeoutMs, seal: (id, text) => searchSeals.sign(id, text) },
    }),
    openSealed: (id, sealed) => searchSeals.reveal(id, sealed),
    mcp,
    log,
  });
  const engine = createCompactor(toolLoop);
  const registry = routes.createRegistry({
    vision: config.vision,
    seeing: new Set(Object.keys(config.engine.projectors)),
    runsCode: opened.sandbox !== null,
    minimumTokens: config.cache.minimum_tokens,
  });

  const prices = createPriceBook(toOwnPrices(config.money.prices));
  const tierTable = { tiers, defaultTier: config.limits.tier, advances: config.limits.advance };
  const { enabled: isCharging, monthly_cap_usd: cap, signup_credit_usd: signup, prepaid: isPrepaid } = config.money;
  const biller = isCharging
    ? started.use(
        createChargingBiller({
          storage,
          prices,
          clock,
          log,
          isPrepaid,
          signupNanoUsd: usdToNanoUsd(signup),
          capNanoUsd: cap === null ? monthlyCapOf(tiers, config.limits.tier) : usdToNanoUsd(cap),
        }),
      )
    : createRecordingBiller({ prices });
  const inferenceGeos = createInferenceGeos({ storage, clock, standsIn: config.inference_geo });
  const dataPolicy = createDataPolicy({ storage, clock });
  const fetchMedia = createMediaFetcher(egress);
  const media = createMediaReader({ fetchMedia, readImageText, readImagePlaces, turns: documentTurns });
  const runItem = createBatchItemRunner({
    engine,
    models: registry,
    files,
    containers,
    skills,
    media,
    mcp,
    inferenceGeos,
    dataPolicy,
    thinkingSigner,
    searchSeals,
    biller,
    clock,
    log,
    metrics,
    tracing,
  });
  const isWorker = role.kind === "worker";
  const itemsAtOnce = config.batches.concurrency ?? config.engine.slots;
  const batchWorker = isWorker
    ? null
    : startBatchWorker({ storage, blobs, ledger, runItem, clock, log, concurrency: itemsAtOnce });
  started.defer(() => batchWorker?.close(0));
  const { days: retentionDays } = config.retention;
  const keepsNothing = (id: string) => dataPolicy.keepsNothing(id);
  const failures = started.use(createFailureLog({ storage, clock, log, keepsNothing, retentionDays }));
  const batches = createBatches({ storage, blobs, clock, retentionDays, wake: batchWorker?.wake ?? noticedSoon });
  const retention = createRetention({
    storage,
    clock,
    content: [files, skills, containers, batches, failures],
    defaultDays: retentionDays,
  });
  const tenancy = { storage, clock, auditKey, authenticator };
  const accounts = createAccounts({
    storage,
    people: createPeople(tenancy, first.organizationId),
    buckets,
    master,
    openId: toOpenIdSettings(config.openid),
    keys: { ...tenancy, hmacKey },
    deviceLifetimeMs: config.claude_code.sign_in_days * DAY_MS,
    clock,
  });

  const server = createServer({
    engine,
    models: registry,
    modelControl,
    changes,
    authenticator,
    ledger,
    failures,
    limiter: createLimiter({
      store: buckets,
      policy: limitPolicy,
      clock,
    }),
    biller,
    idempotency: started.use(createDatabaseIdempotencyStore({ storage, clock, log })),
    turns: createRunningTurns(),
    files,
    skills,
    containers,
    egress,
    media,
    mcp,
    batches,
    limitPolicy,
    limitGauge: createLimitGauge(buckets),
    charging: { isOn: isCharging, isPrepaid: isCharging && isPrepaid },
    alertChannels: toAlertChannels(config.alerts),
    dataPolicy,
    retention,
    exportWorkspace: (workspace) => exportWorkspace({ storage, blobs, clock }, workspace),
    accounts,
    clientFleet: startClientFleet(config.claude_code, { organizationId: first.organizationId, buckets, log }),
    tenancy,
    inferenceGeos,
    createApiKey: (options, doer) => createKey({ ...tenancy, hmacKey }, options, doer),
    rotateApiKey: (id, overlapMs, doer) => rotateKey({ ...tenancy, hmacKey }, id, overlapMs, doer),
    thinkingSigner,
    searchSeals,
    readiness: async () => ({ database: await isUp(() => storage.ping()), weights: (await engine.list()).length > 0 }),
    clock,
    log,
    metrics: borrowed === null ? metrics : { ...metrics, expose: (format) => borrowed.exposeMetrics(format) },
    tracing,
  });
  const sweeper = setInterval(() => {
    void skillFolders.sweep().catch((error: unknown) => log.warn({ err: error }, "files of deleted skills could not be removed"));
  }, SWEEP_EVERY_MS);
  sweeper.unref();
  started.defer(() => clearInterval(sweeper));

  if (!isWorker) await startJobs();
  const { listen: lentAt } = config.engine;
  if (lentAt !== null && !isWorker) {
    const at = { host: lentAt.replace(/:\d+$/, "").replace(/^\[|\]$/g, ""), port: Number(lentAt.split(":").at(-1)) };
    const { address } = started.use(
      await lendEngines(engines, at, { secret: doorSecret, metrics, tracing, readWorkers: async () => [] }),
    );
    log.info({ address }, "other nodes can use the models of this one");
  }
  const consoleFiles = await loadConsoleFiles(findConsoleFolder());
  if (consoleFiles === null) log.warn("the Console is not built, so /console leads nowhere: npm run build -w packages/console");
  const listen = () =>
    server.listen({
      host: config.host,
      port: config.port,
      consoleFiles,
      trustedProxies: toNetworks(config.trusted_proxies),
      localNetworks: toNetworks(config.metrics.allow),
    });
  const runningWorkers = role.kind === "parent" ? await startWorkers(role) : null;
  const { url } = runningWorkers ?? (await listen());
  log.info({ url, database: storage.kind, role: role.kind }, "ready");
  const ownerSecret = isWorker || consoleFiles === null ? null : await accounts.signIn.createOwnerLink();
  const signInUrl = consoleFiles === null ? null : `${url}/console/`;
  engines.preload();

  const firstKey = isWorker ? null : await createFirstKey({ ...tenancy, hmacKey }, first);
  const running = started.move();
  return {
    url,
    firstApiKey: firstKey?.secret ?? null,
    consoleUrl: ownerSecret === null ? signInUrl : ownerLink(url, ownerSecret),
    readMetrics: () => metrics.read(),
    reloadRoutes: (askedBy) => modelControl.reloadRoutes(askedBy),
    close: async () => {
      stopping.abort(new Error("Parley is stopping"));
      await Promise.all([
        runningWorkers?.close() ?? server.close(DRAIN_MS, config.shutdown.notice_seconds * MS_PER_SECOND),
        batchWorker?.close(DRAIN_MS),
      ]);
      await running.disposeAsync();
      await tracing.close();
    },
  };

  /** The door first: workers lean on it. */
  async function startWorkers({ startWorkers: start }: Extract<Role, { kind: "parent" }>): Promise<RunningWorkers> {
    let readWorkers: RunningWorkers["readMetrics"] = async () => [];
    const door = started.use(
      await lendEngines(
        engines,
        { socketPath: join(dataDir, "run", "engine.sock") },
        {
          secret: doorSecret,
          metrics,
          tracing,
          readWorkers: () => readWorkers(),
          answers: { code: lendCodeRunner(codeRunner) },
        },
      ),
    );
    const running = started.adopt(await start(door.address), (each) => each.close());
    readWorkers = () => running.readMetrics();
    return running;
  }

  async function startJobs(): Promise<void> {
    const jobs = started.use(await createJobs({ storage, log }));
    await jobs.every("make-ledger-partitions", "17 * * * *", () => ensureLedgerPartitions(storage));
    if (isCharging) await jobs.every("advance-tiers", "*/5 * * * *", () => advanceTiers(tenancy, tierTable));
    const alertSenders = toAlertSenders(config.alerts, { egress, storage });
    if (isCharging && alertSenders.length > 0) {
      const alerts = createSpendAlerts({ storage, clock, log, senders: alertSenders });
      await jobs.every("spend-alerts", "* * * * *", () => alerts.run());
    }
    await jobs.every(
      "reconcile-ledger",
      "43 2 * * *",
      async () => void (await reconcileLedger({ storage, clock, log, metrics })),
    );
    await jobs.every("sweep-request-log", "27 * * * *", () => failures.sweep());
    await jobs.every("sweep-files", "*/10 * * * *", () => files.sweep());
    await jobs.every("sweep-containers", "*/10 * * * *", () => containers.sweep());
    await jobs.every("sweep-batches", "* * * * *", () => batches.sweep());
    await jobs.every("remove-orphaned-blobs", "29 * * * *", () =>
      removeOrphans({ blobs, clock, owners: [files.blobOwner, skills.blobOwner, batches.blobOwner] }),
    );
    await jobs.every("enforce-retention", "* * * * *", () => retention.enforce());
    await jobs.every(
      "sweep-idempotency-keys",
      "* * * * *",
      async () => void (await sweepIdempotencyKeys(storage, clock.nowMs())),
    );
    await jobs.every("sweep-sign-in", "* * * * *", () => accounts.sweep());
    await jobs.every(
      "prune-limit-buckets",
      "* * * * *",
      async () => void (await pruneLimitBuckets(storage, FORGET_BUCKETS_AFTER_MS)),
    );
  }
}

/** The process that works on batches looks for new ones each second. */
const noticedSoon = (): void => {};

function toOpenIdSettings({ issuer, client_id: clientId, client_secret: clientSecret }: Config["openid"]): OpenIdSettings | null {
  return issuer === null || clientId === null ? null : { issuer, clientId, clientSecret };
}
