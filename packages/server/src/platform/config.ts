import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { SEARCH_LANGUAGES } from "./search-languages.ts";
import { claudeCode } from "./claude-code-config.ts";
import { operations } from "./operations-config.ts";
import { checkPools, pool, poolName, upstream } from "./upstreams-config.ts";

const port = z.coerce.number().int().min(0).max(65_535);
const positive = z.coerce.number().int().positive();
/** A nano-dollar a token is a tenth of a cent a million. */
const usdPerMtok = z.coerce.number().min(0).max(1_000_000).multipleOf(0.001, "must have three decimals at most");
const weights = z.string().min(1);
/** Environment variables are text. */
const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]);

const hostWithPort = z
  .string()
  .regex(/^(?!\d+\.)[a-z0-9.-]+(:\d{1,5})?$/i, "must be a name, `name:port`, an address or a network");

const limitsOfClass = z.strictObject({
  requests_per_minute: positive,
  input_tokens_per_minute: positive,
  output_tokens_per_minute: positive,
  tokens_per_minute: positive.optional(),
});

const tier = z.strictObject({
  name: z.string().regex(/^(?!custom$)[\w.-]{1,64}$/, "must be 1 to 64 letters, digits, `_`, `.` or `-`, and not `custom`"),
  monthly_spend_usd: positive.nullable().default(null),
  advance_at_usd: positive.nullable().default(null),
  limits: limitsOfClass,
  model_classes: z.record(z.string(), limitsOfClass).default({}),
  count_tokens_requests_per_minute: positive.default(1_000),
  batch_queue_requests: positive.default(100_000),
});

/** Everything an operator can set. One file (`parley.yaml`), then the environment, then command-line flags. */
export const ConfigSchema = z
  .strictObject({
    host: z.string().default("127.0.0.1"),
    /** 0 takes any free port. */
    port: port.default(8484),
    /** Processes that answer on the port; one does everything by itself. */
    workers: positive.max(256).default(1),
    /** Reverse proxies whose `X-Forwarded-For` says where a request comes from. */
    trusted_proxies: z
      .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], "must be an address or a network"))
      .default([]),
    /** PostgreSQL 15 or newer; null starts the embedded one in the data folder. */
    database_url: z
      .string()
      .regex(/^postgres(ql)?:\/\//, "must begin with postgres:// or postgresql://")
      .nullable()
      .default(null),
    /** A Redis for the limits of several nodes; null is none. */
    redis_url: z
      .string()
      .regex(/^rediss?:\/\//, "must begin with redis:// or rediss://")
      .nullable()
      .default(null),
    /** Where this server's machines stand, as far as that is promised to whoever asks for `us`; null promises nothing. */
    inference_geo: z.enum(["us"]).nullable().default(null),
    /** Which weights answer for each family of Claude models. */
    models: z
      .strictObject({
        haiku: weights.default("qwen2.5-coder-0.5b-instruct-q4_k_m"),
        sonnet: weights.default("qwen2.5-coder-1.5b-instruct-q4_k_m"),
        opus: weights.default("qwen2.5-coder-1.5b-instruct-q4_k_m"),
      })
      /** Single models by their ids. */
      .catchall(weights)
      .prefault({}),
    /** Other servers that run models, by a name of the operator's. */
    upstreams: z.record(poolName, upstream).default({}),
    /** Names that models of upstreams are served under; one may stand wherever the name of weights may. */
    pools: z.record(poolName, pool).default({}),
    /** `ocr`: models that see nothing are given the text that stands in a picture. `native`: they refuse pictures. */
    vision: z.enum(["native", "ocr"]).default("native"),
    engine: z
      .strictObject({
        backend: z.enum(["auto", "llama-server", "node-llama-cpp"]).default("auto"),
        /** Path of a llama-server binary; null looks on the PATH and among what `parley engine install` made. */
        llama_server: z.string().nullable().default(null),
        /** Turns decoded at once per model. */
        slots: positive.max(64).default(4),
        /** Context window per slot; null is the model's own. */
        context_tokens: positive.nullable().default(null),
        /** Null: one per core. */
        threads: positive.nullable().default(null),
        gpu: z.enum(["auto", "off"]).default("auto"),
        /** What shows pictures to weights (llama.cpp's `--mmproj`), by the weights' names: a path, or a name in the folder of weights. */
        projectors: z.record(z.string(), z.string().min(1)).default({}),
        /** Where other nodes reach this one's models (kind parley); null: nowhere. */
        listen: z
          .string()
          .regex(/^(\[[0-9a-f:]+\]|[a-z0-9.-]+):\d{1,5}$/i, "must be `host:port`")
          .nullable()
          .default(null),
        /** Memory that models may use; null is what the machine (or its cgroup) has free. */
        memory_bytes: positive.nullable().default(null),
        /** How long an idle model stays loaded. */
        keep_alive_minutes: z.coerce.number().positive().default(30),
        /** Sampling for requests that set neither temperature, top_p nor top_k. */
        default_temperature: z.coerce.number().min(0).max(2).default(0.7),
        default_top_p: z.coerce.number().gt(0).max(1).default(0.8),
        default_top_k: z.coerce.number().int().min(0).default(20),
      })
      .prefault({}),
    cache: z
      .strictObject({
        /** Disk for prompt-cache snapshots. */
        budget_bytes: positive.default(8 * 1024 ** 3),
        /** Smallest cached prefix; null is the platform's own figure for each model. */
        minimum_tokens: z.coerce.number().int().min(1).nullable().default(null),
      })
      .prefault({}),
    ledger: z
      .strictObject({
        /**
         * Where a turn's row must be before its reply ends. `auto`: on this machine's disk where the database is the embedded one, which
         * is on the same disk, else in the database.
         */
        durability: z.enum(["auto", "disk", "database"]).default("auto"),
      })
      .prefault({}),
    limits: z
      .strictObject({
        /** Where the buckets live. `auto`: Redis where `redis_url` is set, else the database where it is a server, else memory. */
        store: z.enum(["auto", "memory", "postgresql", "redis"]).default("auto"),
        requests_per_minute: positive.default(50_000),
        input_tokens_per_minute: positive.default(50_000_000),
        output_tokens_per_minute: positive.default(10_000_000),
        /** Tier of organizations that have none of their own; null gives them the three limits above. */
        tier: z.string().min(1).nullable().default(null),
        /** How many times its highest minute of the last quarter of an hour an organization may use in the next; null: no such limit. */
        acceleration_factor: z.coerce.number().gt(1).max(1_000).nullable().default(null),
        /** What may be used in a minute however little was used before. */
        acceleration_start_tokens_per_minute: positive.default(100_000),
        /** Whether organizations advance by themselves with what they pay in and spend. */
        advance: z.stringbool().or(z.boolean()).default(true),
        /** From the lowest to the highest; null is the platform's table. */
        tiers: z.array(tier).min(1).nullable().default(null),
      })
      .prefault({}),
    files: z
      .strictObject({
        /** Where the bytes of files and batches are kept. */
        store: z.enum(["folder", "s3"]).default("folder"),
        /** Null: `blobs` in the data folder. Several nodes must share it. */
        folder: z.string().min(1).nullable().default(null),
        /** What the files of one organization may take together. */
        quota_bytes: positive.default(500 * 1000 ** 3),
        s3: z
          .strictObject({
            /** Null is Amazon's own for the region. */
            endpoint: z.url().nullable().default(null),
            region: z.string().min(1).default("us-east-1"),
            bucket: z.string().min(1).nullable().default(null),
            /** Stands before every object's name. */
            prefix: z.string().default(""),
            /** Null takes what the process's environment gives. */
            access_key_id: z.string().min(1).nullable().default(null),
            secret_access_key: z.string().min(1).nullable().default(null),
            force_path_style: flag.default(true),
          })
          .prefault({}),
      })
      .refine(({ store, s3 }) => store !== "s3" || s3.bucket !== null, {
        path: ["s3", "bucket"],
        message: "must name a bucket where files.store is s3",
      })
      .prefault({}),
    money: z
      .strictObject({
        /** Off: costs are recorded, and nothing is held or refused. */
        enabled: flag.default(false),
        /** Whether turns draw on credits, or only on what spend limits allow. */
        prepaid: flag.default(true),
        /** The first credit of an organization. */
        signup_credit_usd: z.coerce.number().min(0).max(1_000_000).default(5),
        /** The monthly cap that an organization begins with; null: none. */
        monthly_cap_usd: z.coerce.number().min(0).max(1_000_000_000).nullable().default(null),
        /** An operator's own prices, by model id or by the name of weights; of one model the latest that has begun counts. */
        prices: z
          .array(
            z.strictObject({
              model: z.string().min(1),
              input_usd_per_mtok: usdPerMtok,
              output_usd_per_mtok: usdPerMtok,
              /** The day it begins, in UTC. */
              from: z.iso.date().default("1970-01-01"),
            }),
          )
          .default([]),
      })
      .prefault({}),
    /** Who is told what was spent, where money is on. */
    alerts: z
      .strictObject({
        webhook_url: z.url().nullable().default(null),
        /** What its messages are signed with: `whsec_` and base64. */
        webhook_secret: z
          .string()
          .regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, "must be whsec_ and the base64 of 24 bytes at least")
          .nullable()
          .default(null),
        /** `smtp://user:password@host:587` or `smtps://…`; null sends no mail. */
        smtp_url: z
          .string()
          .regex(/^smtps?:\/\//, "must begin with smtp:// or smtps://")
          .nullable()
          .default(null),
        mail_from: z.string().min(1).nullable().default(null),
      })
      .refine(({ webhook_url: url, webhook_secret: secret }) => (url === null) === (secret === null), {
        path: ["webhook_secret"],
        message: "must be set together with alerts.webhook_url",
      })
      .refine(({ smtp_url: url, mail_from: from }) => (url === null) === (from === null), {
        path: ["mail_from"],
        message: "must be set together with alerts.smtp_url",
      })
      .prefault({}),
    retention: z
      .strictObject({
        /** How long prompts and replies may be stored where a workspace says nothing else. */
        days: positive.max(3_650).default(30),
      })
      .prefault({}),
    batches: z
      .strictObject({
        /** Requests of batches run at once by this node; null is `engine.slots`. */
        concurrency: positive.max(1_000).nullable().default(null),
      })
      .prefault({}),
    web_search: z
      .strictObject({
        /** What answers the `web_search` tool; `none`: the tool says `unavailable`. */
        provider: z.enum(["none", "searxng", "brave", "tavily", "local"]).default("none"),
        /** Base address; null is the provider's own. A SearXNG has none. */
        url: z
          .url({ protocol: /^https?$/ })
          .nullable()
          .default(null),
        api_key: z.string().min(1).nullable().default(null),
        max_results: positive.max(20).default(5),
        /** Of each page's text. */
        page_characters: positive.max(100_000).default(1_500),
        /** Of the documents of the local index. */
        language: z.enum(SEARCH_LANGUAGES).default("english"),
      })
      .refine(({ provider, url }) => provider !== "searxng" || url !== null, {
        path: ["url"],
        message: "must be the address of the SearXNG",
      })
      .refine(({ provider, api_key: key }) => (provider !== "brave" && provider !== "tavily") || key !== null, {
        path: ["api_key"],
        message: "must be the key for the provider",
      })
      .prefault({}),
    web_fetch: z
      .strictObject({
        /** Off: the tool says `unavailable`. */
        enabled: flag.default(true),
        /** Of a page, where the request does not say. */
        max_content_tokens: positive.max(1_000_000).default(4_000),
      })
      .prefault({}),
    code_execution: z
      .strictObject({
        /** Off: the tool says `unavailable`. */
        enabled: flag.default(true),
        /** Of one program. */
        timeout_seconds: positive.max(600).default(60),
        /** Of all processes of one program together. */
        memory_bytes: positive.min(64 * 1024 ** 2).default(1024 ** 3),
        processes: positive.max(4_096).default(64),
        /** What the files of one container may take. */
        disk_bytes: positive.min(1024 ** 2).default(1024 ** 3),
        /** Programs at once; others wait. */
        concurrency: positive.max(1_000).default(4),
        /** Where containers are kept; null: `containers` in the data folder. Several nodes must share it. */
        folder: z.string().min(1).nullable().default(null),
        /** How long a container can be used again; shorter where its workspace keeps content for less. */
        container_days: positive.max(365).default(30),
      })
      .prefault({}),
    /** Tools of MCP servers that requests bring. */
    mcp: z
      .strictObject({
        /** Off: such a request is refused. */
        enabled: flag.default(true),
        /** Of one tool's result. */
        result_characters: positive.max(1_000_000).default(16_000),
      })
      .prefault({}),
    /** What addresses given by clients and models may lead to. */
    egress: z
      .strictObject({
        /** Reached though it is not public: names, `name:port`, addresses, networks. */
        allow: z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6(), hostWithPort])).default([]),
        /** Off: only what `allow` lists. */
        public: flag.default(true),
      })
      .prefault({}),
    /** Claude Code of an organization, whose people sign in on their machines. */
    claude_code: claudeCode.prefault({}),
    /** Sign-in of people at an OpenID provider. */
    openid: z
      .strictObject({
        /** As in the provider's discovery document, e.g. https://login.example.com; null is off. */
        issuer: z.url().nullable().default(null),
        client_id: z.string().min(1).nullable().default(null),
        /** Null: a public client, PKCE alone. */
        client_secret: z.string().min(1).nullable().default(null),
      })
      .refine(({ issuer, client_id: id }) => (issuer === null) === (id === null), {
        path: ["client_id"],
        message: "must be set together with openid.issuer",
      })
      .prefault({}),
    ...operations,
  })
  .superRefine(checkPools);

export type Config = z.infer<typeof ConfigSchema>;

/** Environment variables and the keys they set. */
export const ENVIRONMENT_KEYS: Readonly<Record<string, string>> = {
  PARLEY_HOST: "host",
  PARLEY_PORT: "port",
  PARLEY_WORKERS: "workers",
  DATABASE_URL: "database_url",
  REDIS_URL: "redis_url",
  PARLEY_INFERENCE_GEO: "inference_geo",
  PARLEY_MODEL_HAIKU: "models.haiku",
  PARLEY_MODEL_SONNET: "models.sonnet",
  PARLEY_MODEL_OPUS: "models.opus",
  PARLEY_VISION: "vision",
  PARLEY_ENGINE: "engine.backend",
  PARLEY_LLAMA_SERVER: "engine.llama_server",
  PARLEY_SLOTS: "engine.slots",
  PARLEY_CONTEXT_TOKENS: "engine.context_tokens",
  PARLEY_THREADS: "engine.threads",
  PARLEY_GPU: "engine.gpu",
  PARLEY_ENGINE_LISTEN: "engine.listen",
  PARLEY_DEFAULT_TEMPERATURE: "engine.default_temperature",
  PARLEY_MEMORY_BYTES: "engine.memory_bytes",
  PARLEY_CACHE_BUDGET_BYTES: "cache.budget_bytes",
  PARLEY_CACHE_MINIMUM_TOKENS: "cache.minimum_tokens",
  PARLEY_FILES_STORE: "files.store",
  PARLEY_FILES_FOLDER: "files.folder",
  PARLEY_FILES_QUOTA_BYTES: "files.quota_bytes",
  PARLEY_S3_ENDPOINT: "files.s3.endpoint",
  PARLEY_S3_REGION: "files.s3.region",
  PARLEY_S3_BUCKET: "files.s3.bucket",
  PARLEY_S3_PREFIX: "files.s3.prefix",
  PARLEY_S3_ACCESS_KEY_ID: "files.s3.access_key_id",
  PARLEY_S3_SECRET_ACCESS_KEY: "files.s3.secret_access_key",
  PARLEY_S3_FORCE_PATH_STYLE: "files.s3.force_path_style",
  PARLEY_LEDGER_DURABILITY: "ledger.durability",
  PARLEY_LIMITS_STORE: "limits.store",
  PARLEY_MONEY: "money.enabled",
  PARLEY_LIMITS_TIER: "limits.tier",
  PARLEY_ALERTS_WEBHOOK_URL: "alerts.webhook_url",
  PARLEY_ALERTS_WEBHOOK_SECRET: "alerts.webhook_secret",
  PARLEY_SMTP_URL: "alerts.smtp_url",
  PARLEY_MAIL_FROM: "alerts.mail_from",
  PARLEY_RETENTION_DAYS: "retention.days",
  PARLEY_BATCHES_CONCURRENCY: "batches.concurrency",
  PARLEY_WEB_SEARCH: "web_search.provider",
  PARLEY_WEB_SEARCH_URL: "web_search.url",
  PARLEY_WEB_SEARCH_API_KEY: "web_search.api_key",
  PARLEY_WEB_FETCH: "web_fetch.enabled",
  PARLEY_CODE_EXECUTION: "code_execution.enabled",
  PARLEY_CODE_EXECUTION_FOLDER: "code_execution.folder",
  PARLEY_MCP: "mcp.enabled",
  PARLEY_EGRESS_PUBLIC: "egress.public",
  PARLEY_OPENID_ISSUER: "openid.issuer",
  PARLEY_OPENID_CLIENT_ID: "openid.client_id",
  PARLEY_OPENID_CLIENT_SECRET: "openid.client_secret",
  PARLEY_LOG_LEVEL: "log.level",
  PARLEY_OTLP_ENDPOINT: "telemetry.otlp_endpoint",
};

export interface ConfigProblem {
  /** Dotted key, or the file itself. */
  readonly key: string;
  readonly value: unknown;
  readonly remedy: string;
  /** Where the value came from: the file's path, the variable's or the flag's name. */
  readonly from: string;
}

export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(describeProblem).join("\n"));
    this.problems = problems;
  }
}

export interface LoadedConfig {
  readonly config: Config;
  /** Holds the database, weights, cache and secrets. */
  readonly dataDir: string;
  /** The file that was read, or null where there is none. */
  readonly file: string | null;
}

/**
 * Reads the configuration. `overrides` are dotted keys from the command line. Throws `ConfigError` that names every
 * bad key, its value and the remedy.
 */
export function loadConfig(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly dataDir?: string | undefined;
  readonly file?: string | undefined;
  readonly overrides?: Readonly<Record<string, unknown>>;
}): LoadedConfig {
  const dataDir = resolve(options.dataDir ?? options.env["PARLEY_DATA"] ?? join(homedir(), ".parley"));
  const named = options.file ?? options.env["PARLEY_CONFIG"];
  const path = resolve(named ?? join(dataDir, "parley.yaml"));
  const file = named !== undefined || existsSync(path) ? path : null;
  const values = file === null ? {} : readFile(file);
  const origins = new Map<string, string>();
  for (const [variable, key] of Object.entries(ENVIRONMENT_KEYS)) {
    const value = options.env[variable];
    if (value === undefined || value === "") continue;
    setKey(values, key, value);
    origins.set(key, variable);
  }
  for (const [key, value] of Object.entries(options.overrides ?? {})) {
    if (value === undefined) continue;
    setKey(values, key, value);
    origins.set(key, "the command line");
  }
  const parsed = ConfigSchema.safeParse(values);
  if (parsed.success) return { config: parsed.data, dataDir, file };
  throw new ConfigError(
    parsed.error.issues.flatMap((issue) => {
      const keys = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
      return keys.map((parts): ConfigProblem => {
        const key = parts.join(".");
        const remedy = issue.code === "unrecognized_keys" ? unknownKeyRemedy(parts) : issue.message;
        return { key, value: getKey(values, parts), remedy, from: origins.get(key) ?? file ?? "the defaults" };
      });
    }),
  );
}

function readFile(file: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = parseYaml(readFileSync(file, "utf8")) ?? {};
  } catch (error) {
    const remedy = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new ConfigError([{ key: file, value: undefined, remedy: remedy ?? "is not YAML", from: file }]);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new ConfigError([{ key: file, value: parsed, remedy: "must hold `key: value` lines", from: file }]);
  }
  return parsed as Record<string, unknown>;
}

function setKey(target: Record<string, unknown>, key: string, value: unknown): void {
  const parts = key.split(".");
  const last = parts.pop() ?? key;
  let at = target;
  for (const part of parts) {
    const next = at[part];
    const inner = typeof next === "object" && next !== null ? (next as Record<string, unknown>) : {};
    at[part] = inner;
    at = inner;
  }
  at[last] = value;
}

function getKey(values: unknown, parts: readonly PropertyKey[]): unknown {
  let at = values;
  for (const part of parts) at = typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[part] : undefined;
  return at;
}

function unknownKeyRemedy(parts: readonly PropertyKey[]): string {
  const parent = parts.length === 1 ? ConfigSchema.shape : undefined;
  const known = parent === undefined ? "" : ` Known keys: ${Object.keys(parent).join(", ")}.`;
  return `is no key of Parley's; remove it or mend its spelling.${known}`;
}

function describeProblem({ key, value, remedy, from }: ConfigProblem): string {
  const shown = value === undefined ? "" : ` = ${JSON.stringify(value)}`;
  return `${key}${shown} (from ${from}): ${remedy}`;
}
