import { execFileSync } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HELPERS_CORE, isDatabase, type Running, spawnPinned, freePort, untilListening, GATEWAY_CORE } from "./processes.ts";

/** A gateway under load: where to send, with which headers, and whose memory counts. */
export interface Gateway extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The gateway's own process; a database beside it is told apart. */
  readonly pid: number;
}

export type StartGateway = (options: { readonly upstream: string; readonly folder: string }) => Promise<Gateway>;

const root = join(import.meta.dirname, "../..");

function toGateway(name: string, url: string, headers: Readonly<Record<string, string>>, running: Running): Gateway {
  return { name, url, headers, pid: running.pid, [Symbol.asyncDispose]: () => running.end() };
}

export interface ParleyOptions {
  /** Where its PostgreSQL computes. */
  readonly databaseCore: number;
  /** Where profiles are written as its processes end. */
  readonly profile?: string | null;
  readonly workers?: number;
}

/** Key check, limits, the hold on money and the durable ledger are on. */
export const startParley =
  (name: string, { databaseCore, profile = null, workers = 1 }: ParleyOptions): StartGateway =>
  async ({ upstream, folder }) => {
    await mkdir(folder, { recursive: true });
    await writeFile(
      join(folder, "parley.yaml"),
      JSON.stringify({
        upstreams: { standin: { kind: "anthropic", url: upstream, api_key: "of-the-operator" } },
        pools: { cloud: { targets: [{ upstream: "standin" }] } },
        models: { haiku: "cloud", sonnet: "cloud", opus: "cloud" },
        // Beyond what the load comes to in a minute; taken and settled for each request all the same.
        limits: { requests_per_minute: 10_000_000, input_tokens_per_minute: 1e11, output_tokens_per_minute: 1e11 },
        money: { enabled: true, signup_credit_usd: 1_000_000 },
        workers,
        log: { level: "warn" },
      }),
    );
    const node = ["--conditions=source", "--disable-warning=ExperimentalWarning"];
    const profiling = profile === null ? [] : ["--cpu-prof", "--cpu-prof-dir", profile];
    const program = [join(root, "packages/server/src/cli/main.ts"), "up", "--json", "--port", "0", "--data", folder];
    const running = await spawnPinned(GATEWAY_CORE, process.execPath, [...node, ...profiling, ...program]);
    const ready = JSON.parse(await running.firstLine) as { url: string; api_key: string };
    if (databaseCore !== GATEWAY_CORE) {
      for (const { pid } of running.descendants().filter(isDatabase))
        execFileSync("taskset", ["-acp", String(databaseCore), String(pid)], { stdio: "ignore" });
    }
    return toGateway(name, ready.url, { "x-api-key": ready.api_key, "anthropic-version": "2023-06-01" }, running);
  };

export const startNginx: StartGateway = async ({ upstream, folder }) => {
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const file = join(folder, "nginx.conf");
  await writeFile(
    file,
    `worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((each) => `${each}_temp_path ${folder}/${each};`).join(" ")}
  upstream standin { server ${new URL(upstream).host}; keepalive 64; keepalive_requests 10000000; }
  server {
    listen 127.0.0.1:${port}; keepalive_requests 10000000; client_body_buffer_size 64k;
    location / { proxy_pass http://standin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
  }
}
`,
  );
  await chmod(folder, 0o755);
  const running = await spawnPinned(GATEWAY_CORE, "nginx", ["-e", join(folder, "error.log"), "-c", file]);
  await untilListening(port);
  return toGateway("nginx", `http://127.0.0.1:${port}`, {}, running);
};

/** From an `npm install @portkey-ai/gateway` in `installed`. */
export const startPortkey =
  (installed: string, node: string): StartGateway =>
  async ({ upstream }) => {
    const port = await freePort();
    const main = join(installed, "node_modules/@portkey-ai/gateway/build/start-server.js");
    const running = await spawnPinned(GATEWAY_CORE, node, [main, `--port=${port}`, "--headless"]);
    await untilListening(port);
    const headers = {
      "x-portkey-provider": "anthropic",
      "x-portkey-custom-host": `${upstream}/v1`,
      "x-api-key": "any",
      authorization: "Bearer any",
    };
    return toGateway("Portkey", `http://127.0.0.1:${port}`, { ...headers, "anthropic-version": "2023-06-01" }, running);
  };

/** From an `npm install @musistudio/claude-code-router` in `installed`. */
export const startClaudeCodeRouter =
  (installed: string, node: string): StartGateway =>
  async ({ upstream, folder }) => {
    const port = await freePort();
    await mkdir(join(folder, ".claude-code-router"), { recursive: true });
    const provider = {
      name: "standin",
      api_base_url: `${upstream}/v1/messages`,
      api_key: "any",
      models: ["claude-haiku-4-5"],
      transformer: { use: ["Anthropic"] },
    };
    await writeFile(
      join(folder, ".claude-code-router/config.json"),
      JSON.stringify({
        PORT: port,
        HOST: "127.0.0.1",
        APIKEY: "any",
        LOG: false,
        Providers: [provider],
        Router: { default: "standin,claude-haiku-4-5" },
      }),
    );
    const main = join(installed, "node_modules/@musistudio/claude-code-router/dist/cli.js");
    const running = await spawnPinned(GATEWAY_CORE, node, [main, "start"], { HOME: folder });
    await untilListening(port);
    return toGateway("claude-code-router", `http://127.0.0.1:${port}`, { "x-api-key": "any" }, running);
  };

/** From a `pip install litellm[proxy]` in the virtual environment `installed`; one process, its own log off. */
export const startLiteLlm =
  (installed: string): StartGateway =>
  async ({ upstream, folder }) => {
    const port = await freePort();
    await mkdir(folder, { recursive: true });
    const model = { model: "anthropic/claude-haiku-4-5", api_base: upstream, api_key: "any" };
    const file = join(folder, "litellm.yaml");
    await writeFile(file, JSON.stringify({ model_list: [{ model_name: "claude-haiku-4-5", litellm_params: model }] }));
    const args = ["--config", file, "--host", "127.0.0.1", "--port", String(port), "--num_workers", "1"];
    const env = { LITELLM_LOG: "ERROR", LITELLM_TELEMETRY: "False", LITELLM_LOCAL_MODEL_COST_MAP: "True", NO_DOCS: "True" };
    const running = await spawnPinned(GATEWAY_CORE, join(installed, "bin/litellm"), args, env);
    running.firstLine.catch(() => {});
    await untilListening(port);
    return toGateway("LiteLLM", `http://127.0.0.1:${port}`, { "x-api-key": "any", "anthropic-version": "2023-06-01" }, running);
  };

export const startStandIn = (): Promise<Running> =>
  spawnPinned(HELPERS_CORE, process.execPath, [join(import.meta.dirname, "upstream.ts")]);
