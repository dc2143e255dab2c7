import { type Parley, type Role, startParley } from "../../main.ts";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../platform/clock.ts";
import { type Config, ConfigError } from "../../platform/config.ts";
import { keepGarbageSmall } from "../../platform/garbage.ts";
import { createLog, jsonLines, type Log, prettyLines } from "../../platform/log.ts";
import { localWeightsOf } from "../../platform/upstreams-config.ts";
import { lockDirectory } from "../../platform/directory-lock.ts";
import { type CliContext, UserError } from "../cli-context.ts";
import { portProblem } from "../port-problem.ts";
import { ensureWeights } from "../ensure-weights.ts";
import { readRunFile, removeRunFile, writeRunFile } from "../run-file.ts";
import { runWorker } from "../run-worker.ts";
import { startWorkers } from "../start-workers.ts";
import { readWorkerTask } from "../worker-messages.ts";

/** Starts everything and runs until SIGINT or SIGTERM; then streams under way may finish. */
export async function up(given: CliContext, signal: AbortSignal): Promise<void> {
  const context = { ...given, config: withSharedLimits(given.config) };
  const { config, dataDir } = context;
  const startedMs = performance.now();
  // Standard output belongs to the lines below.
  const destination = process.stderr.isTTY ? await prettyLines(2) : jsonLines(2);
  const log = createLog({ level: config.log.level, destination });
  const task = readWorkerTask(process.env);
  if (task !== null) {
    keepGarbageSmall();
    return runWorker(context, task, log, signal);
  }
  await using _lock = await lockDataFolder(dataDir);
  for (const name of localWeightsOf(config)) await ensureWeights(name, context, signal);
  const parley = await startParley({ config, reread: context.reread, dataDir, log, role: roleOf(config, log) }).catch(
    (error: unknown) => {
      const problem = portProblem(error, config);
      throw problem === null ? error : new UserError(`${problem.detail}. ${problem.remedy}`, { cause: error });
    },
  );
  writeRunFile(dataDir, { pid: process.pid, url: parley.url });
  const readySeconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  context.emit({ url: parley.url, api_key: parley.firstApiKey, console: parley.consoleUrl });
  for (const line of connectLines(parley, readySeconds)) context.say(line);
  keepGarbageSmall();
  const onHangUp = (): void => {
    parley.reloadRoutes("SIGHUP").catch((error: unknown) => log.error({ err: error }, "the routes stay as they were"));
  };
  process.on("SIGHUP", onHangUp);
  try {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    context.tell("Stopping; streams under way may finish.");
    await parley.close();
  } finally {
    process.off("SIGHUP", onHangUp);
    removeRunFile(dataDir);
  }
}

function roleOf({ workers: count, shutdown }: Config, log: Log): Role {
  if (count === 1) return { kind: "whole" };
  const noticeMs = shutdown.notice_seconds * 1000;
  return { kind: "parent", startWorkers: (door) => startWorkers({ count, noticeMs, door, clock: systemClock, log }) };
}

/** Each worker would grant the whole of every limit from its own memory. */
function withSharedLimits(config: Config): Config {
  const { limits, workers, redis_url: redisUrl } = config;
  if (workers === 1 || limits.store === "postgresql" || limits.store === "redis") return config;
  if (limits.store === "memory") {
    const remedy =
      "workers cannot share limits that are kept in memory; set it to auto, postgresql or redis, or start one worker";
    throw new ConfigError([{ key: "limits.store", value: limits.store, remedy, from: "the configuration" }]);
  }
  return { ...config, limits: { ...limits, store: redisUrl === null ? "postgresql" : "redis" } };
}

/** One server writes a folder's cache and run files. Throws `UserError` with the way to the one that does. */
async function lockDataFolder(dataDir: string): Promise<AsyncDisposable> {
  mkdirSync(join(dataDir, "run"), { recursive: true, mode: 0o700 });
  const lock = await lockDirectory(join(dataDir, "run", "server.lock"));
  if (lock.held) return { [Symbol.asyncDispose]: () => lock.release() };
  const running = readRunFile(dataDir);
  throw new UserError(
    `Parley already runs on ${dataDir} (process ${lock.owner.pid}${running === null ? "" : `, ${running.url}`}). ` +
      "Stop it first, or start a second one with a folder and a port of its own: --data DIR --port PORT.",
  );
}

function connectLines({ url, firstApiKey: apiKey, consoleUrl }: Parley, readySeconds: string): readonly string[] {
  const key = apiKey ?? "$PARLEY_API_KEY";
  const aboutKey =
    apiKey === null
      ? "Your first key was shown at the first start. Another one: npm run parley -- keys create --name mine"
      : `Your API key, shown this once: ${apiKey}`;
  return [
    `Parley is ready at ${url} (${readySeconds} s)`,
    "",
    ...(consoleUrl === null ? [] : [`Open the Console: ${consoleUrl}`, ""]),
    aboutKey,
    "",
    "Connect:",
    `  Claude Code   ANTHROPIC_BASE_URL=${url} ANTHROPIC_AUTH_TOKEN=${key} claude`,
    `  TypeScript    new Anthropic({ baseURL: "${url}", apiKey: "${key}" })`,
    `  Python        anthropic.Anthropic(base_url="${url}", api_key="${key}")`,
    "",
  ];
}
