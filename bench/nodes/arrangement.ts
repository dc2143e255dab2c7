import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { appendFile, chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../packages/server/src/platform/clock.ts";
import { countDifferences } from "../../packages/server/src/storage/reconcile.ts";
import { openStorage, type Storage } from "../../packages/server/src/storage/storage.ts";
import { readSpendSums } from "../../packages/server/src/storage/testing/read-spend-sums.ts";
import { silentLog } from "../../packages/server/src/storage/testing/test-storage.ts";
import { lendWeights } from "../../packages/server/test/support/start-parley.ts";
import { freePort, untilListening } from "../gateway/processes.ts";
import { asPostgres, start, type StartedProcess } from "./processes.ts";

const root = join(import.meta.dirname, "../..");
const POSTGRES = "/usr/lib/postgresql";
const LOOPBACK = "127.0.0.1";

export type NodeName = "node-a" | "node-b" | "node-c";
export type EngineName = "engine-1" | "engine-2";
export type Victim = NodeName | EngineName;
export const NODES: readonly NodeName[] = ["node-a", "node-b", "node-c"];
export const ENGINES: readonly EngineName[] = ["engine-1", "engine-2"];

export interface ArrangementOptions {
  /** Between two tokens of an engine. */
  readonly gapMs: number;
  /** Keys of every node's `parley.yaml` beside those that the arrangement needs. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The same for single nodes. */
  readonly configOf?: Partial<Record<NodeName, Readonly<Record<string, unknown>>>>;
  readonly redis?: boolean;
  /** Of the database server, `name=value` each. */
  readonly databaseSettings?: readonly string[];
  /** Left out: all three. */
  readonly nodes?: readonly NodeName[];
  /** Started in place of the stand-ins: two of them, and how nodes reach them. */
  readonly engines?: (name: EngineName, port: number) => { readonly line: readonly string[]; readonly kind: string };
  /** The checkout that nodes run from at first. */
  readonly checkout?: string;
  /** Of single nodes. */
  readonly env?: Partial<Record<NodeName, Readonly<Record<string, string>>>>;
  /** What runs single nodes, such as `faketime -f +90s`. */
  readonly before?: Partial<Record<NodeName, readonly string[]>>;
  /** Local models of single nodes. */
  readonly weights?: Partial<Record<NodeName, string>>;
  /** Of nodes that are machines of their own; `before` runs them there. */
  readonly network?: Addresses;
}

export interface Addresses {
  /** Of nginx and the engines. */
  readonly base: string;
  readonly database: string;
  readonly nodes: Readonly<Record<NodeName, string>>;
  /** All of these, as PostgreSQL writes it. */
  readonly subnet: string;
}

/** Three nodes with data folders of their own, over one PostgreSQL, behind nginx, before two engines. */
export async function arrange(options: ArrangementOptions) {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "parley-nodes-"));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  const running = new Map<string, StartedProcess>();
  const ports = new Map<string, number>();
  for (const name of [...NODES, ...ENGINES, "nginx", "redis", "postgres"]) ports.set(name, await freePort());
  const portOf = (name: string): number => ports.get(name) ?? 0;
  const { network } = options;
  const hostOf = (name: NodeName): string => network?.nodes[name] ?? LOOPBACK;
  const baseHost = network?.base ?? LOOPBACK;

  // The database.
  const [version = ""] = (await readdir(POSTGRES)).filter((each) => /^\d+$/.test(each)).toSorted((a, b) => Number(b) - Number(a));
  const bin = join(POSTGRES, version, "bin");
  const data = join(folder, "postgres");
  await mkdir(data);
  if (process.getuid?.() === 0) execFileSync("chown", ["postgres", data]);
  asPostgres([join(bin, "initdb"), "-D", data, "--username", "parley", "--auth", "trust", "--encoding", "UTF8"]);
  if (network !== undefined) await appendFile(join(data, "pg_hba.conf"), `host all all ${network.subnet} trust\n`);
  const listenAddresses = network === undefined ? LOOPBACK : `${LOOPBACK},${network.database}`;
  const database = {
    version,
    start(): void {
      const settings = `-c listen_addresses=${listenAddresses} -c port=${portOf("postgres")} -c unix_socket_directories=${data} -c max_connections=200 ${(options.databaseSettings ?? []).map((each) => `-c ${each}`).join(" ")}`;
      asPostgres([join(bin, "pg_ctl"), "-D", data, "-w", "-l", join(data, "log"), "-o", settings, "start"]);
    },
    /** As in a crash. */
    stop: (): void => asPostgres([join(bin, "pg_ctl"), "-D", data, "-m", "immediate", "stop"]),
  };
  database.start();
  started.defer(() => database.stop());
  const databaseUrl = `postgres://parley@${LOOPBACK}:${portOf("postgres")}/postgres`;

  // Redis.
  const redis = {
    async start(): Promise<void> {
      running.set("redis", start("redis-server", ["--port", String(portOf("redis")), "--bind", "127.0.0.1", "--save", ""]));
      await untilListening(portOf("redis"));
    },
    stop: async (): Promise<void> => running.get("redis")?.end("SIGKILL"),
  };
  if (options.redis === true) await redis.start();

  // The engines.
  async function startEngine(name: EngineName): Promise<void> {
    const own = options.engines?.(name, portOf(name));
    const line = own?.line ?? [
      process.execPath,
      join(import.meta.dirname, "engine.ts"),
      String(portOf(name)),
      String(options.gapMs),
      network === undefined ? LOOPBACK : "0.0.0.0",
    ];
    const [file = "", ...rest] = line;
    running.set(name, start(file, rest));
    await untilListening(portOf(name));
  }
  const nodes = options.nodes ?? NODES;
  const kind = options.engines?.("engine-1", 0).kind ?? "anthropic";

  // The nodes.
  const dataOf = (name: NodeName): string => join(folder, name);
  async function prepareNode(name: NodeName): Promise<void> {
    await mkdir(dataOf(name), { recursive: true });
    const target = (engine: EngineName) => ({ kind, url: `http://${baseHost}:${portOf(engine)}` });
    const config = {
      ...(network === undefined ? {} : { host: "0.0.0.0", trusted_proxies: [baseHost] }),
      port: portOf(name),
      upstreams: { one: target("engine-1"), two: target("engine-2") },
      pools: { house: { targets: [{ upstream: "one" }, { upstream: "two" }] } },
      models: { haiku: "house", sonnet: "house", opus: "house" },
      money: { enabled: true, signup_credit_usd: 1_000_000 },
      files: { folder: join(folder, "blobs") },
      code_execution: { enabled: false },
      log: { level: "warn" },
      ...options.config,
      ...options.configOf?.[name],
    };
    await writeFile(join(dataOf(name), "parley.yaml"), JSON.stringify(config));
    const weights = options.weights?.[name];
    if (weights !== undefined) await lendWeights(dataOf(name), weights);
  }
  async function startNode(name: NodeName, checkout = options.checkout ?? root): Promise<{ readonly apiKey: string | null }> {
    const line = [
      ...(options.before?.[name] ?? []),
      process.execPath,
      "--conditions=source",
      "--disable-warning=ExperimentalWarning",
      join(checkout, "packages/server/src/cli/main.ts"),
      "up",
      "--json",
      "--data",
      dataOf(name),
    ];
    const [file = "", ...rest] = line;
    const node = start(file, rest, {
      NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compiled"),
      DATABASE_URL: `postgres://parley@${network?.database ?? LOOPBACK}:${portOf("postgres")}/postgres`,
      ...(options.redis === true ? { REDIS_URL: `redis://127.0.0.1:${portOf("redis")}` } : {}),
      ...options.env?.[name],
    });
    running.set(name, node);
    const said = JSON.parse(await node.firstLine) as { api_key: string | null };
    return { apiKey: said.api_key };
  }

  started.defer(async () => {
    await Promise.all([...running.values()].map((each) => each.end("SIGKILL")));
  });
  await Promise.all(ENGINES.map(startEngine));
  for (const name of nodes) await prepareNode(name);
  const { apiKey } = await startNode("node-a");
  if (apiKey === null) throw new Error("the first node made no key");
  // What makes them nodes of one platform.
  const others = nodes.filter((name) => name !== "node-a");
  for (const name of others) {
    await copyFile(join(dataOf("node-a"), "secret.key"), join(dataOf(name), "secret.key"));
    await chmod(join(dataOf(name), "secret.key"), 0o600);
  }
  await Promise.all(others.map((name) => startNode(name)));

  const nginxConfig = await writeNginx(
    folder,
    portOf("nginx"),
    nodes.map((name) => `${hostOf(name)}:${portOf(name)}`),
  );
  running.set("nginx", start("nginx", ["-e", join(folder, "nginx-error.log"), "-c", nginxConfig]));
  await untilListening(portOf("nginx"));

  const storage: Storage = started.use(
    await openStorage({ databaseUrl, dataDir: folder, log: silentLog, clock: systemClock, maxConnections: 2 }),
  );
  const kept = started.move();
  return {
    folder,
    apiKey,
    url: `http://127.0.0.1:${portOf("nginx")}`,
    urlOf: (name: NodeName): string => `http://${hostOf(name)}:${portOf(name)}`,
    storage,
    database,
    redis,
    databaseUrl,
    redisUrl: `redis://127.0.0.1:${portOf("redis")}`,
    engineUrl: `http://127.0.0.1:${portOf("engine-1")}`,
    dataOf,
    databasePid: (): number => Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")[0]),
    log: (name: string): string => running.get(name)?.stderr() ?? "",
    pidOf: (name: string): number => running.get(name)?.child.pid ?? 0,
    kill: async (name: Victim): Promise<void> => running.get(name)?.end("SIGKILL"),
    drain: async (name: NodeName): Promise<void> => running.get(name)?.end("SIGTERM"),
    startNode,
    async revive(name: Victim): Promise<void> {
      if (name === "engine-1" || name === "engine-2") await startEngine(name);
      else await startNode(name);
    },
    /** What every engine has been given. */
    async countTurns(): Promise<number> {
      const counts = await Promise.all(
        ENGINES.map(async (name) => (await fetch(`http://127.0.0.1:${portOf(name)}/count`)).json() as Promise<{ begun: number }>),
      );
      return counts.reduce((sum, { begun }) => sum + begun, 0);
    },
    /** Every place that says what was charged, and what the platform's own comparison finds. */
    async checkMoney() {
      // What nodes hold ahead for turns that did not come is given back within two seconds.
      await sleep(2_500);
      const sums = await readSpendSums(storage);
      const differences = Object.values(await countDifferences(storage, Date.now() - 86_400_000)).reduce((a, b) => a + b, 0);
      const agree = new Set([sums.ledger, sums.rollups, sums.charged, sums.credits, sums.spent]).size === 1;
      return { ...sums, differences, agree };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

export type Arrangement = Awaited<ReturnType<typeof arrange>>;

/** deploy/nginx/parley.conf with ports of this machine, as a configuration of its own. */
async function writeNginx(folder: string, port: number, nodes: readonly string[]): Promise<string> {
  const file = join(folder, "nginx.conf");
  await copyFile(join(root, "deploy/nginx/parley-location.inc"), join(folder, "parley-location.inc"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((each) => `${each}_temp_path ${folder}/${each};`);
  const shipped = (await readFile(join(root, "deploy/nginx/parley.conf"), "utf8"))
    .replace(
      /server 10\.0\.0\.1:8484[^]*?(?=\n\s*keepalive|\n\})/,
      nodes.map((each) => `server ${each} max_fails=1 fail_timeout=2s;`).join("\n  "),
    )
    .replace(/listen [^;]+;/, `listen 127.0.0.1:${port};`)
    .replace(/\n\s*(ssl_\w+|server_name) [^;]+;/g, "");
  await writeFile(
    file,
    `worker_processes 1; daemon off; pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  ${temporary.join(" ")}
${shipped}
}
`,
  );
  return file;
}
