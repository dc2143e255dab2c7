import { CODE_FOLDER, PYTHON_FOLDER, type ReadOnlyMount, type SandboxLimits, WORK_FOLDER } from "./sandbox.ts";

/** What the sandbox shows of this machine, found once at the start. */
export interface HostFacts {
  /** Folders and links at the root that programs are found through: `/usr`, and what of `/bin`, `/lib` there is. */
  readonly root: readonly ({ readonly path: string; readonly link: string } | { readonly path: string; readonly link: null })[];
  /** Files of `/etc` that programs and the linker need. */
  readonly etc: readonly string[];
  /** Our own passwd and group. */
  readonly ownEtcFolder: string;
  /** A prepared Python environment, where there is one. */
  readonly pythonFolder: string | null;
  /** Whether the server is root: then bubblewrap makes no user namespace, and the program becomes another user. */
  readonly isRoot: boolean;
}

export interface Place {
  readonly workFolder: string;
  readonly homeFolder: string;
  readonly codeFolder: string | null;
  readonly mounts: readonly ReadOnlyMount[];
  readonly userId: number;
}

const HOME = "/home/user";
/** Of memory each; what a program writes there is in no process. */
const TMP_BYTES = 64 * 1024 ** 2;
const SHM_BYTES = 16 * 1024 ** 2;
/** Address space beyond memory: libraries, and stacks of threads that are mostly untouched. */
const ADDRESS_SPACE_FACTOR = 4;
const OPEN_FILES = 256;

export function toBubblewrapArguments(
  facts: HostFacts,
  place: Place,
  limits: SandboxLimits,
  {
    seccompFd,
    infoFd,
    command,
    waitsMs,
  }: {
    readonly seccompFd: number;
    readonly infoFd: number;
    readonly command: readonly string[];
    /** Beside the program's own time. */
    readonly waitsMs: number;
  },
): string[] {
  const { isRoot, pythonFolder } = facts;
  const seconds = Math.ceil(limits.timeoutMs / 1_000);
  return [
    "--unshare-pid",
    "--unshare-net",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    // As root: no user namespace, whose root would be the machine's; `setpriv` below makes it a user of its own.
    ...(isRoot
      ? ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
      : ["--unshare-user", "--uid", "1000", "--gid", "1000"]),
    "--hostname",
    "parley",
    "--die-with-parent",
    "--new-session",
    "--clearenv",
    ...Object.entries(environment(pythonFolder !== null)).flatMap(([name, value]) => ["--setenv", name, value]),
    ...facts.root.flatMap(({ path, link }) => (link === null ? ["--ro-bind", path, path] : ["--symlink", link, path])),
    // What bubblewrap makes of itself on the way to a mount is closed to any other user.
    ...foldersAbove([
      "/etc/x",
      HOME,
      CODE_FOLDER,
      WORK_FOLDER,
      PYTHON_FOLDER,
      ...place.mounts.map(({ sandboxPath }) => sandboxPath),
    ]).flatMap((folder) => ["--perms", "0755", "--dir", folder]),
    ...facts.etc.flatMap((path) => ["--ro-bind", path, path]),
    ...["passwd", "group"].flatMap((name) => ["--ro-bind", `${facts.ownEtcFolder}/${name}`, `/etc/${name}`]),
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--perms",
    "1777",
    "--size",
    String(SHM_BYTES),
    "--tmpfs",
    "/dev/shm",
    "--remount-ro",
    "/dev",
    "--perms",
    "1777",
    "--size",
    String(TMP_BYTES),
    "--tmpfs",
    "/tmp",
    ...(pythonFolder === null ? [] : ["--ro-bind", pythonFolder, PYTHON_FOLDER]),
    "--bind",
    place.workFolder,
    WORK_FOLDER,
    "--bind",
    place.homeFolder,
    HOME,
    ...(place.codeFolder === null ? [] : ["--ro-bind", place.codeFolder, CODE_FOLDER]),
    ...place.mounts.flatMap(({ hostFolder, sandboxPath }) => ["--ro-bind", hostFolder, sandboxPath]),
    "--remount-ro",
    "/",
    "--chdir",
    WORK_FOLDER,
    "--seccomp",
    String(seccompFd),
    "--info-fd",
    String(infoFd),
    "--",
    // Where the server dies before bubblewrap has asked to be told, nobody else ends a program that waits.
    "/usr/bin/timeout",
    "--foreground",
    "--signal=KILL",
    String(seconds + Math.ceil(waitsMs / 1_000) + 5),
    "/usr/bin/prlimit",
    `--as=${limits.memoryBytes * ADDRESS_SPACE_FACTOR}`,
    `--nproc=${limits.processes}`,
    `--fsize=${limits.diskBytes}`,
    `--nofile=${OPEN_FILES}`,
    `--cpu=${seconds + 1}`,
    "--core=0",
    "--memlock=0",
    "--",
    ...(isRoot
      ? ["/usr/bin/setpriv", `--reuid=${place.userId}`, `--regid=${place.userId}`, "--clear-groups", "--no-new-privs", "--"]
      : []),
    ...command,
  ];
}

/** Each once, from the root on. */
function foldersAbove(paths: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    const names = path.split("/").slice(1, -1);
    for (const at of names.keys()) folders.add(`/${names.slice(0, at + 1).join("/")}`);
  }
  return [...folders];
}

function environment(hasOwnPython: boolean): Readonly<Record<string, string>> {
  return {
    PATH: `${hasOwnPython ? `${PYTHON_FOLDER}/bin:` : ""}/usr/local/bin:/usr/bin:/bin`,
    HOME,
    USER: "user",
    LANG: "C.UTF-8",
    TZ: "UTC",
    INPUT_DIR: WORK_FOLDER,
    OUTPUT_DIR: WORK_FOLDER,
    // There is no screen.
    MPLBACKEND: "Agg",
    PYTHONPATH: WORK_FOLDER,
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONIOENCODING: "utf-8",
    // Each thread of a numeric library counts as a process.
    OMP_NUM_THREADS: "2",
    OPENBLAS_NUM_THREADS: "2",
  };
}
