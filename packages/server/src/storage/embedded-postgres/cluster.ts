import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, rename, rm } from "node:fs/promises";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { fail } from "../../platform/fail.ts";
import { createFileOnce, isErrno, syncDirectory } from "../../platform/durable-file.ts";
import type { PostgresBinaries } from "./binaries.ts";
import type { RunAs } from "./run-as.ts";
import { type Layout, SUPERUSER } from "./settings.ts";

const run = promisify(execFile);

/** PostgreSQL reads its environment (PGDATA, PGPORT, LC_*): it gets none of ours. */
export const POSTGRES_ENV: NodeJS.ProcessEnv = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };

/** Creates the cluster unless there is one. An initdb that was cut off leaves nothing behind that counts. */
export async function ensureCluster(layout: Layout, binaries: PostgresBinaries, runAs: RunAs): Promise<"created" | "found"> {
  await mkdir(layout.socketDirectory, { recursive: true, mode: 0o700 });
  await createFileOnce(layout.passwordFile, randomBytes(32).toString("base64url"), 0o600);
  const version = await readVersion(layout.data);
  if (version !== null) {
    await checkVersion(version, layout, binaries, runAs);
    // A restored copy may be wider open or belong to someone else, and the server refuses both.
    await chmod(layout.data, 0o700);
    await runAs.adopt(layout.root);
    return "found";
  }
  const draft = `${layout.data}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await runAs.adopt(layout.root);
  await initialize(draft, layout, binaries, runAs);
  await rm(layout.data, { recursive: true, force: true });
  await rename(draft, layout.data);
  await syncDirectory(layout.root);
  return "created";
}

export async function readPassword(layout: Layout): Promise<string> {
  return (await readFile(layout.passwordFile, "utf8")).trim();
}

async function initialize(draft: string, layout: Layout, binaries: PostgresBinaries, runAs: RunAs): Promise<void> {
  const { file, args, ...identity } = runAs.wrap(binaries.initdb, [
    "-D",
    draft,
    "--username",
    SUPERUSER,
    "--pwfile",
    layout.passwordFile,
    "--auth",
    "scram-sha-256",
    "--encoding",
    "UTF8",
    // The same order of text on every platform, independent of the system's C library.
    "--locale",
    "C",
    "--locale-provider",
    "builtin",
    "--builtin-locale",
    "C.UTF-8",
    "--data-checksums",
  ]);
  try {
    await run(file, [...args], { env: POSTGRES_ENV, cwd: layout.root, timeout: 120_000, ...identity });
  } catch (cause) {
    throw fail("api_error", {
      public: "The database could not be started",
      internal: `initdb failed: ${explain(cause)}${remedyFor(cause, runAs, layout)}`,
      cause,
    });
  }
}

async function readVersion(data: string): Promise<string | null> {
  try {
    return (await readFile(join(data, "PG_VERSION"), "utf8")).trim();
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}

async function checkVersion(version: string, layout: Layout, binaries: PostgresBinaries, runAs: RunAs): Promise<void> {
  const { file, args, ...identity } = runAs.wrap(binaries.postgres, ["--version"]);
  const { stdout } = await run(file, [...args], { env: POSTGRES_ENV, timeout: 10_000, ...identity });
  const major = / (\d+)/.exec(stdout)?.[1];
  if (major === version) return;
  throw fail("api_error", {
    public: "The database could not be started",
    internal:
      `${layout.data} was made by PostgreSQL ${version} and this Parley brings ${major}: start the Parley that made it, ` +
      "back up there, and restore here",
  });
}

/** Root's home is closed to the system user that stands in for root. */
function remedyFor(error: unknown, runAs: RunAs, layout: Layout): string {
  if (runAs.kind !== "system-user" || !explain(error).includes("Permission denied")) return "";
  return (
    `. PostgreSQL runs as a system user here, because root is refused and user namespaces are forbidden, and that user cannot reach ${layout.root}: ` +
    "choose a data folder outside root's home, run Parley as an ordinary user, or set DATABASE_URL"
  );
}

function explain(error: unknown): string {
  if (error instanceof Error && "stderr" in error && typeof error.stderr === "string" && error.stderr.trim() !== "") {
    return error.stderr.trim().split("\n").slice(0, 6).join(" ");
  }
  return error instanceof Error ? error.message : String(error);
}
