import { spawn } from "node:child_process";
import { access, constants, lstat, mkdir, mkdtemp, open, readlink, rm, stat, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { HostFacts } from "./bubblewrap-arguments.ts";
import { makeSeccompFilter } from "./seccomp-filter.ts";

/** What runs are started with. */
export interface FoundSandbox {
  readonly bubblewrap: string;
  readonly facts: HostFacts;
  readonly seccompFile: string;
}

/** Why there is none, and what to do. */
export interface SandboxProblem {
  readonly reason: string;
  readonly remedy: string;
}

export interface FindSandboxOptions {
  /** For what every run reads; made anew each time. */
  readonly folder: string;
  readonly pythonFolder: string | null;
  readonly env: NodeJS.ProcessEnv;
  /** Of this process; null where the system has none. */
  readonly processUserId: number | null;
}

/** Whatever of these the machine has: the programs, and what the linker reads. Nothing else of the machine is seen. */
const ROOT_PATHS = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"];
const ETC_PATHS = ["/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/mime.types"];

export async function findSandbox(options: FindSandboxOptions): Promise<FoundSandbox | SandboxProblem> {
  const filter = makeSeccompFilter(process.arch);
  if (process.platform !== "linux" || filter === null) {
    return {
      reason: `code runs in a sandbox on Linux with an x86-64 or arm64 processor, not on ${process.platform} ${process.arch}`,
      remedy: "Run Parley there, or in a virtual machine.",
    };
  }
  const bubblewrap = await findProgram("bwrap", options.env);
  if (bubblewrap === null) return { reason: "bubblewrap is not installed", remedy: "Install the package `bubblewrap`." };
  for (const program of ["/usr/bin/prlimit", "/usr/bin/setpriv", "/usr/bin/timeout", "/usr/bin/python3"]) {
    if (!(await isRunnable(program))) {
      return { reason: `${program} is missing`, remedy: "Install the packages `util-linux`, `coreutils` and `python3`." };
    }
  }
  await mkdir(options.folder, { recursive: true, mode: 0o755 });
  const ownEtcFolder = join(options.folder, "etc");
  const seccompFile = join(options.folder, "seccomp.bpf");
  await mkdir(ownEtcFolder, { recursive: true });
  await writeFile(join(ownEtcFolder, "passwd"), "user:x:1000:1000::/home/user:/bin/bash\n");
  await writeFile(join(ownEtcFolder, "group"), "user:x:1000:\n");
  await writeFile(seccompFile, filter);
  const found: FoundSandbox = {
    bubblewrap,
    seccompFile,
    facts: {
      root: await rootPaths(),
      etc: (await Promise.all(ETC_PATHS.map(async (path) => ((await exists(path)) ? [path] : [])))).flat(),
      ownEtcFolder,
      pythonFolder: options.pythonFolder,
      isRoot: options.processUserId === 0,
    },
  };
  const refusal = await tryBubblewrap(found, options.folder);
  return refusal === null ? found : { reason: `bubblewrap fails: ${refusal}`, remedy: remedyOf(refusal) };
}

/** One empty sandbox with what matters most: its namespaces, and the filter. Null: it works. */
async function tryBubblewrap({ bubblewrap, seccompFile, facts }: FoundSandbox, folder: string): Promise<string | null> {
  const empty = await mkdtemp(join(folder, "try-"));
  const filter = await open(seccompFile);
  try {
    const user = facts.isRoot ? [] : ["--unshare-user"];
    const namespaces = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--die-with-parent"];
    const shown = ["--ro-bind", "/", "/", "--proc", "/proc", "--bind", empty, "/tmp", "--seccomp", "3"];
    const child = spawn(bubblewrap, [...user, ...namespaces, ...shown, "--", "/usr/bin/true"], {
      env: {},
      stdio: ["ignore", "ignore", "pipe", filter.fd],
    });
    const said: Buffer[] = [];
    child.stderr?.on("data", (chunk: Buffer) => said.push(chunk));
    const { promise, resolve } = Promise.withResolvers<string | null>();
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code) => resolve(code === 0 ? null : Buffer.concat(said).toString().trim() || `exit code ${code}`));
    return await promise;
  } finally {
    await filter.close();
    await rm(empty, { recursive: true, force: true });
  }
}

function remedyOf(refusal: string): string {
  if (!/namespace|uid map|Operation not permitted|RTNETLINK|loopback/i.test(refusal)) return "Mend what it says.";
  return [
    "Allow user namespaces: `sysctl -w kernel.unprivileged_userns_clone=1` (Debian), an AppArmor profile for bwrap or",
    "`sysctl -w kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu), `--security-opt seccomp=unconfined --cap-add SYS_ADMIN`",
    "(a container of Docker's).",
  ].join(" ");
}

async function rootPaths(): Promise<HostFacts["root"]> {
  const found: HostFacts["root"][number][] = [];
  for (const path of ROOT_PATHS) {
    const facts = await lstat(path).catch(() => null);
    if (facts?.isSymbolicLink()) found.push({ path, link: await readlink(path) });
    else if (facts?.isDirectory()) found.push({ path, link: null });
  }
  return found;
}

async function findProgram(name: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  for (const folder of (env["PATH"] ?? "").split(delimiter).filter((each) => each !== "")) {
    const path = join(folder, name);
    if (await isRunnable(path)) return path;
  }
  return null;
}

async function isRunnable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
