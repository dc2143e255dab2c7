import { spawnSync } from "node:child_process";
import { access, constants, mkdir, statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { findLlamaServer } from "../../engines/install/find-llama-server.ts";
import { readAvailableBytes } from "../../engines/gguf/read-available-bytes.ts";
import { readGguf } from "../../engines/gguf/read-gguf.ts";
import { planLoad } from "../../engines/local/plan-load.ts";
import { lookForSandbox } from "../../sandbox/open-sandbox.ts";
import { systemClock } from "../../platform/clock.ts";
import { localWeightsOf } from "../../platform/upstreams-config.ts";
import { createLog } from "../../platform/log.ts";
import { openStorage } from "../../storage/storage.ts";
import type { CliContext } from "../cli-context.ts";
import { portProblem } from "../port-problem.ts";
import { formatBytes } from "../progress-bar.ts";
import { readRunFile } from "../run-file.ts";
import { type Check, type Finding, ok, problem, warning } from "./check.ts";

const checkNode: Check = async () => {
  const major = Number(process.versions.node.split(".")[0]);
  return major >= 24
    ? ok("node", `Node.js ${process.versions.node}`)
    : problem("node", `Node.js ${process.versions.node}`, "Use Node.js 24; `npm run parley --` brings its own.");
};

const checkDataFolder: Check = async ({ dataDir }) => {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.W_OK);
  } catch {
    return problem("data folder", `${dataDir} cannot be written`, "Set PARLEY_DATA (or --data) to a folder of yours.");
  }
  return ok("data folder", dataDir);
};

const checkDisk: Check = async (context) => {
  const { bavail, bsize } = await statfs(context.dataDir);
  const freeBytes = bavail * bsize;
  const wantedBytes = context.config.cache.budget_bytes + 1_000_000_000;
  const detail = `${formatBytes(freeBytes)} free at ${context.dataDir}`;
  if (freeBytes < 1_000_000_000) return problem("disk", detail, "Free at least 1 GB, or set PARLEY_DATA to another disk.");
  if (freeBytes < wantedBytes) {
    return warning(
      "disk",
      detail,
      `The prompt cache may use ${formatBytes(context.config.cache.budget_bytes)}: lower cache.budget_bytes.`,
    );
  }
  return ok("disk", detail);
};

const checkPort: Check = async ({ config, dataDir }) => {
  const running = readRunFile(dataDir);
  if (running !== null) return ok("port", `Parley (process ${running.pid}) is running at ${running.url}`);
  const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    const probe = createServer();
    probe.once("error", resolve);
    probe.listen(config.port, config.host, () => probe.close(() => resolve(null)));
  });
  if (error === null) return ok("port", `${config.host}:${config.port} is free`);
  const { detail, remedy } = portProblem(error, config) ?? { detail: error.message, remedy: "Choose another port." };
  return problem("port", detail, remedy);
};

const checkDatabase: Check = async (context) => {
  const log = createLog({ level: "silent" });
  try {
    await using storage = await openStorage({
      databaseUrl: context.config.database_url,
      dataDir: context.dataDir,
      log,
      clock: systemClock,
      maxConnections: 1,
    });
    const roundTripMs = await storage.ping();
    return ok(
      "database",
      `${storage.kind === "embedded" ? "embedded PostgreSQL" : "PostgreSQL by DATABASE_URL"}, ${roundTripMs.toFixed(1)} ms`,
    );
  } catch (error) {
    const remedy =
      context.config.database_url === null
        ? "Set DATABASE_URL to a PostgreSQL of your own, or mend what the detail says."
        : "Check that DATABASE_URL names a running PostgreSQL 15 or newer and a user who may create tables.";
    return problem("database", error instanceof Error ? error.message : String(error), remedy);
  }
};

const checkWeights: Check = async (context) => {
  const wanted = localWeightsOf(context.config);
  const missing: string[] = [];
  for (const name of wanted) if ((await context.weights.find(name)) === undefined) missing.push(name);
  return missing.length === 0
    ? ok("weights", `${wanted.join(", ")} on disk`)
    : warning("weights", `not on disk yet: ${missing.join(", ")}`, "`parley pull` fetches them; `parley up` does so by itself.");
};

const checkMemory: Check = async (context) => {
  const availableBytes = context.config.engine.memory_bytes ?? (await readAvailableBytes());
  const findings: string[] = [];
  let fits = true;
  for (const name of localWeightsOf(context.config)) {
    const installed = await context.weights.find(name);
    if (installed === undefined) continue;
    const facts = await readGguf(installed.file);
    const { slots, context_tokens: contextTokens } = context.config.engine;
    const { memory, cut } = planLoad(facts, { slots, contextTokens, availableBytes });
    fits &&= memory.fits;
    findings.push(`${name} takes ${formatBytes(memory.totalBytes)}${cut === null ? "" : ` (${cut})`}`);
  }
  const detail = [`${formatBytes(availableBytes)} available`, ...findings].join("; ");
  return fits
    ? ok("memory", detail)
    : problem("memory", detail, "Lower engine.slots or engine.context_tokens, or choose smaller weights.");
};

const checkEngine: Check = async ({ config, dataDir }) => {
  const { found } = await findLlamaServer({ configured: config.engine.llama_server, dataDir, env: process.env });
  return found === null
    ? warning(
        "engine",
        "node-llama-cpp (in the package)",
        "`parley engine install` builds llama-server: twice the throughput with many streams.",
      )
    : ok("engine", `llama-server ${found.version} at ${found.binary}`);
};

const checkGpu: Check = async () => {
  const nvidia = spawnSync("nvidia-smi", ["--query-gpu=name,memory.total", "--format=csv,noheader"], { encoding: "utf8" });
  if (nvidia.status === 0) {
    return warning("gpu", nvidia.stdout.trim(), "GPU builds are left out of the install; docs/install.md says how to add them.");
  }
  if (process.platform === "darwin" && process.arch === "arm64") return ok("gpu", "Metal");
  return ok("gpu", "none found: models run on the processor");
};

const checkSandbox: Check = async ({ config, dataDir }) => {
  if (!config.code_execution.enabled) return ok("sandbox", "not needed: code_execution.enabled is false");
  const found = await lookForSandbox(dataDir);
  if ("reason" in found) return warning("sandbox", `code execution is unavailable: ${found.reason}`, found.remedy);
  return found.facts.pythonFolder === null
    ? warning("sandbox", "works, with the system's Python alone", "`parley sandbox install` adds numpy, pandas and others.")
    : ok("sandbox", `works, with Python packages at ${found.facts.pythonFolder}`);
};

const CHECKS: readonly Check[] = [
  checkNode,
  checkDataFolder,
  checkDisk,
  checkPort,
  checkDatabase,
  checkWeights,
  checkMemory,
  checkEngine,
  checkGpu,
  checkSandbox,
];

/** Runs every check; one that fails by itself is a problem too. */
export async function runChecks(context: CliContext): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const check of CHECKS) {
    try {
      findings.push(await check(context));
    } catch (error) {
      const name = check.name.replace(/^check/, "").toLowerCase();
      findings.push(problem(name, error instanceof Error ? error.message : String(error), "This check could not be run."));
    }
  }
  return findings;
}
