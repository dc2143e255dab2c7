import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { chown, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { fail } from "../../platform/fail.ts";

const run = promisify(execFile);

/** A command line as `spawn` takes it. */
interface LaunchCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

/** How PostgreSQL, which refuses to run as root, is started by this process. */
export interface RunAs {
  readonly kind: "direct" | "user-namespace" | "system-user";
  /** Wraps a command. `dieWithParent`: ask the kernel for a fast shutdown (SIGINT) when this process is killed. */
  wrap(file: string, args: readonly string[], options?: { dieWithParent: boolean }): LaunchCommand;
  /** Gives the directory and all in it to the user that PostgreSQL will run as. */
  adopt(directory: string): Promise<void>;
}

const NAMESPACE_ARGS = ["-U", "--map-user=1000", "--map-group=1000", "--"];

/**
 * Chooses: as we are; for root in a user namespace (root's files stay root's), and where namespaces are forbidden as a
 * system user, which is created when there is none.
 */
export async function chooseRunAs(probe: { readonly postgres: string; readonly uid?: number | undefined }): Promise<RunAs> {
  const uid = probe.uid ?? process.getuid?.();
  const mortal = await canDieWithParent();
  if (uid !== 0)
    return { kind: "direct", wrap: (file, args, options) => leash({ file, args }, mortal, options), adopt: async () => {} };

  const inNamespace: RunAs = {
    kind: "user-namespace",
    wrap: (file, args, options) => {
      const inner = leash({ file, args }, mortal, options);
      return { file: "unshare", args: [...NAMESPACE_ARGS, inner.file, ...inner.args] };
    },
    adopt: async () => {},
  };
  const namespaceProblem = await tryRun(inNamespace.wrap(probe.postgres, ["--version"]));
  if (namespaceProblem === null) return inNamespace;

  const user = findOrCreateUser();
  if (user) {
    const asUser: RunAs = {
      kind: "system-user",
      wrap: (file, args, options) => ({ ...leash({ file, args }, mortal, options), ...user }),
      adopt: (directory) => chownTree(directory, user),
    };
    const userProblem = await tryRun(asUser.wrap(probe.postgres, ["--version"]));
    if (userProblem === null) return asUser;
    throw cannotRunAsRoot(namespaceProblem, `as user ${user.uid}: ${userProblem}`);
  }
  throw cannotRunAsRoot(namespaceProblem, "no system user could be created");
}

function cannotRunAsRoot(namespaceProblem: string, userProblem: string) {
  return fail("api_error", {
    public: "The database could not be started",
    internal:
      "PostgreSQL refuses to run as root, and neither way around it works here " +
      `(user namespace: ${namespaceProblem}; ${userProblem}). Remedy: run Parley as an ordinary user, or allow user ` +
      "namespaces, or install Parley and its data outside root's home so that a system user can read it, or set " +
      "DATABASE_URL to a PostgreSQL 15 or newer",
  });
}

function leash(command: LaunchCommand, mortal: boolean, options?: { dieWithParent: boolean }): LaunchCommand {
  if (!mortal || !options?.dieWithParent) return command;
  return { file: "setpriv", args: ["--pdeathsig", "INT", "--", command.file, ...command.args] };
}

async function canDieWithParent(): Promise<boolean> {
  if (process.platform !== "linux") return false;
  return (await tryRun({ file: "setpriv", args: ["--pdeathsig", "INT", "--", "true"] })) === null;
}

/** Null when the command succeeds, else why not. */
async function tryRun(command: LaunchCommand): Promise<string | null> {
  try {
    const { file, args, ...identity } = command;
    await run(file, [...args], { timeout: 10_000, ...identity });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message.split("\n").slice(0, 2).join(" ") : String(error);
  }
}

interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

function findOrCreateUser(): SystemUser | null {
  const found = findUser("parley") ?? findUser("postgres");
  if (found) return found;
  const attempts: readonly (readonly [string, readonly string[]])[] = [
    ["useradd", ["--system", "--user-group", "--no-create-home", "--shell", "/bin/false", "parley"]],
    // BusyBox (Alpine) has no useradd.
    ["adduser", ["-S", "-D", "-H", "-s", "/bin/false", "parley"]],
  ];
  for (const [file, args] of attempts) {
    try {
      execFileSync(file, [...args], { stdio: "ignore", timeout: 10_000 });
      const created = findUser("parley");
      if (created) return created;
    } catch {
      // Not installed or refused: the next way, and in the end the message with the remedy.
    }
  }
  return null;
}

function findUser(name: string): SystemUser | null {
  let passwd: string;
  try {
    passwd = readFileSync("/etc/passwd", "utf8");
  } catch {
    return null;
  }
  for (const line of passwd.split("\n")) {
    const [user, , uid, gid] = line.split(":");
    if (user === name && uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  return null;
}

async function chownTree(directory: string, user: SystemUser): Promise<void> {
  await chown(directory, user.uid, user.gid);
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) await chown(join(entry.parentPath, entry.name), user.uid, user.gid);
  }
}
