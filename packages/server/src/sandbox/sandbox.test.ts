import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findSandbox } from "./find-sandbox.ts";
import { measureFolder } from "./measure-folder.ts";
import { openSandbox } from "./open-sandbox.ts";
import { type SandboxJob, type SandboxLimits, type SandboxOutcome, WORK_PART } from "./sandbox.ts";
import { makeSeccompFilter } from "./seccomp-filter.ts";
import { commandLines, isRunning, statesOf, untilAsync } from "./testing/look-at-processes.ts";

const MIB = 1024 ** 2;
const LIMITS: SandboxLimits = {
  // What is to end by another limit must come to it on a busy machine, too.
  timeoutMs: 20_000,
  memoryBytes: 200 * MIB,
  processes: 24,
  diskBytes: 20 * MIB,
  diskEntries: 2_000,
};
/** The machine is shared; what is measured are bounds, not speeds. */
const SLOW_MS = 60_000;

const dataDir = await mkdtemp(join(tmpdir(), "parley-sandbox-"));
const opened = await openSandbox(dataDir, LIMITS);
const hasty = await openSandbox(dataDir, { ...LIMITS, timeoutMs: 1_000 });
if (opened.sandbox === null) process.stdout.write(`No sandbox here, so nothing is attacked: ${opened.problem.reason}\n`);

/** Seconds to sleep that tell a program of this run from any other. */
const marker = (number: number): string => `43210${number}.${process.pid}`;

let containers = 0;
async function run(
  command: readonly string[] | string,
  job: Partial<SandboxJob> = {},
  { sandbox } = opened,
): Promise<SandboxOutcome> {
  if (sandbox === null) throw new Error("no sandbox");
  containers += 1;
  const folder = job.folder ?? join(dataDir, `container-${containers}`);
  await mkdir(folder, { recursive: true });
  const all = typeof command === "string" ? ["bash", "-c", command] : command;
  const userId = 1_500_000_000 + (job.folder === undefined ? containers : 0);
  return sandbox.run({ userId, ...job, folder, command: all }, new AbortController().signal);
}
const python = (code: string, job: Partial<SandboxJob> = {}, by = opened) =>
  run(["python3", "/mnt/code/main.py"], { ...job, code: { "main.py": code } }, by);

afterAll(() => rm(dataDir, { recursive: true, force: true }));

test("without bubblewrap, or on another system, there is no sandbox but the reason and a remedy", async () => {
  const folder = join(dataDir, "none");
  const found = await findSandbox({ folder, pythonFolder: null, env: { PATH: folder }, processUserId: 1 });
  expect(found).toEqual({ reason: "bubblewrap is not installed", remedy: "Install the package `bubblewrap`." });
  expect(makeSeccompFilter("mips")).toBeNull();
});

test("where bubblewrap is not allowed to make namespaces, what it says is the reason", async () => {
  const folder = join(dataDir, "refused");
  await mkdir(folder, { recursive: true });
  const script = "#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n";
  await writeFile(join(folder, "bwrap"), script, { mode: 0o755 });
  const found = await findSandbox({ folder: join(folder, "s"), pythonFolder: null, env: { PATH: folder }, processUserId: 1 });
  expect(found).toMatchObject({
    reason: "bubblewrap fails: bwrap: No permissions to create a new namespace",
    remedy: expect.stringContaining("user namespaces") as string,
  });
});

describe.skipIf(opened.sandbox === null)("a program", { timeout: SLOW_MS }, () => {
  test("runs with what it is given, and its end, streams and files come back", async () => {
    const folder = join(dataDir, "own");
    const ran = await python("import sys\nprint('ü', sys.stdin.read())\nopen('a.txt', 'w').write('x')\nsys.exit(3)", {
      folder,
      stdin: "in",
    });
    expect(ran).toMatchObject({ exitCode: 3, stdout: { text: "ü in\n" }, stderr: { text: "" }, endedBy: null });
    expect(await readFile(join(folder, WORK_PART, "a.txt"), "utf8")).toBe("x");
    // The next one of the same container finds it, and may change it.
    expect((await run("echo y >> a.txt; cat a.txt", { folder })).stdout.text).toBe("xy\n");
    expect(await readdir(folder)).toEqual(["home", "work"]);
  });

  test("reads a folder that is lent to it, and cannot write there", async () => {
    const hostFolder = join(dataDir, "skill");
    await mkdir(hostFolder);
    await writeFile(join(hostFolder, "SKILL.md"), "how to");
    const mounts = [{ hostFolder, sandboxPath: "/skills/one" }];
    const ran = await run("cat /skills/one/SKILL.md; touch /skills/one/x || echo refused", { mounts });
    expect(ran.stdout.text).toBe("how torefused\n");
  });

  test("that is called off ends at once, with the reason", async () => {
    if (opened.sandbox === null) return;
    const stop = new AbortController();
    const folder = join(dataDir, "stopped");
    await mkdir(folder);
    const running = opened.sandbox.run({ folder, userId: 1_500_000_999, command: ["sleep", marker(1)] }, stop.signal);
    await untilAsync(() => isRunning(marker(1)));
    stop.abort(new Error("gone"));
    await expect(running).rejects.toThrow("gone");
    expect(await isRunning(marker(1))).toBe(false);
  });
});

/** What is tried, and whether it was held. */
interface Attack {
  readonly name: string;
  attack(): Promise<boolean>;
}

let listener: Server;
let abstract: Server;
let reached = 0;
let port = 0;
const secretFile = join(dataDir, "secret.txt");
const SECRET = "a secret of the host";

beforeAll(async () => {
  await writeFile(secretFile, SECRET, { mode: 0o644 });
  const onConnection = (): void => void (reached += 1);
  listener = createServer(onConnection);
  await new Promise<void>((resolve) => listener.listen(0, "0.0.0.0", resolve));
  port = (listener.address() as { port: number }).port;
  abstract = createServer(onConnection);
  await new Promise<void>((resolve) => abstract.listen(`\0${dataDir}`, resolve));
});
afterAll(() => {
  listener.close();
  abstract.close();
});

const saysOnly = (expected: string) => (ran: SandboxOutcome) => ran.stdout.text.trim() === expected;
const OK = saysOnly("held");

const ATTACKS: readonly Attack[] = [
  {
    name: "a file of the host",
    attack: async () => OK(await run(`cat ${secretFile} 2>/dev/null || echo held`)),
  },
  {
    name: "folders of the host",
    attack: async () =>
      OK(await run("ls -d /root /var /work /srv /boot /sys /run /etc/shadow /proc/1/root/root 2>/dev/null || echo held")),
  },
  {
    name: "what is mounted, by name",
    attack: async () => OK(await run("find / -xdev -name secret.txt 2>/dev/null | grep . || echo held")),
  },
  {
    name: "the server's environment",
    attack: async () => {
      process.env["PARLEY_ATTACKED"] = "secret-value";
      const ran = await run("env; cat /proc/1/environ /proc/self/environ 2>/dev/null; true");
      return !ran.stdout.text.includes("secret-value");
    },
  },
  {
    name: "loopback and the host's own addresses",
    attack: async () => {
      await python(`
import socket
for address in ["127.0.0.1", "localhost", "0.0.0.0", "::1"]:
    try: socket.create_connection((address, ${port}), 0.3).close()
    except OSError: pass
`);
      return reached === 0;
    },
  },
  {
    name: "a socket of the host in the abstract namespace",
    attack: async () => {
      const ran = await python(`
import socket
s = socket.socket(socket.AF_UNIX)
try: s.connect("\\0${dataDir}"); print("through")
except OSError: print("held")
`);
      return OK(ran) && reached === 0;
    },
  },
  {
    name: "a virtual machine's own sockets, and raw packets",
    attack: async () =>
      OK(
        await python(`
import socket
for family, kind in [(40, socket.SOCK_STREAM), (17, socket.SOCK_RAW), (socket.AF_INET, socket.SOCK_RAW)]:
    try: socket.socket(family, kind, 1); print("through", family)
    except OSError: pass
print("held")
`),
      ),
  },
  {
    name: "any network at all",
    attack: async () =>
      OK(await run("test \"$(ls /proc/sys/net/ipv4/conf | grep -v -e all -e default -e lo)\" = '' && echo held")),
  },
  {
    name: "another container's files",
    attack: async () => {
      await run("echo theirs > theirs.txt", { folder: join(dataDir, "other") });
      return OK(await run("find /mnt /home /opt /tmp /etc -name theirs.txt 2>/dev/null | grep . || echo held"));
    },
  },
  {
    name: "writing anywhere but its own folders",
    attack: async () =>
      OK(
        await run(
          "for f in /x /usr/x /etc/x /opt/x /dev/x /mnt/x /mnt/code/x /home/x /proc/sys/kernel/hostname /proc/sysrq-trigger; do echo x 2>/dev/null > $f && echo $f; done; echo held",
          { code: { "main.sh": "" } },
        ),
      ),
  },
  {
    name: "becoming root",
    attack: async () => {
      const ran = await run("id -u; grep -E 'CapEff|CapPrm|NoNewPrivs' /proc/self/status; su -c id; sudo -n id");
      const [user, ...status] = ran.stdout.text.trim().split(/\s+/);
      return user !== "0" && status.join(" ") === "CapPrm: 0000000000000000 CapEff: 0000000000000000 NoNewPrivs: 1";
    },
  },
  {
    name: "namespaces and mounts of its own",
    attack: async () =>
      OK(
        await python(`
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
tries = [lambda: libc.unshare(0x10000000), lambda: libc.unshare(0x40000000), lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
  lambda: libc.chroot(b"/tmp"), lambda: libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0), lambda: libc.ptrace(16, 1, 0, 0),
  lambda: libc.umount2(b"/mnt/user-data", 2), lambda: libc.shmget(0, 4096, 0o1600)]
print("held" if all(each() == -1 for each in tries) else "through")
`),
      ),
  },
  {
    name: "devices",
    attack: async () =>
      OK(
        await run("mknod sda b 8 0 2>/dev/null && echo through; cat /dev/sda /dev/vda /dev/mem /dev/kmsg 2>/dev/null; echo held"),
      ),
  },
  {
    name: "processes of the host",
    attack: async () =>
      OK(
        await run(`kill -9 ${process.pid} 2>/dev/null && echo through; test "$(ls -d /proc/[0-9]* | wc -l)" -lt 12 && echo held`),
      ),
  },
  {
    name: "a fork bomb",
    attack: async () => {
      const ran = await run(":(){ :|:& };: ; sleep 1; echo on");
      return (await countOurs()) === 0 && (ran.endedBy !== null || ran.stdout.text !== "");
    },
  },
  {
    name: "a bomb of threads",
    attack: async () => {
      const ran = await python(`
import threading, time
made = 0
try:
    for _ in range(500):
        threading.Thread(target=time.sleep, args=(9,), daemon=True).start(); made += 1
except RuntimeError: pass
print("held" if made < 64 else "through", flush=True)
import os; os._exit(0)
`);
      return OK(ran);
    },
  },
  {
    name: "one process that takes all memory",
    attack: async () => {
      const ran = await python("data = []\nwhile True: data.append(bytearray(8 * 1024 * 1024))");
      return ran.endedBy === "memory" || (ran.exitCode !== 0 && ran.stderr.text.includes("MemoryError"));
    },
  },
  {
    name: "many processes that take memory together, in part shared",
    attack: async () => {
      const ran = await python(`
import mmap, os, time
for number in range(8):
    if os.fork() == 0:
        if number % 2: block = bytearray(60 * 1024 * 1024)
        else:
            block = mmap.mmap(-1, 60 * 1024 * 1024)
            for at in range(0, len(block), 4096): block[at] = 1
        time.sleep(60)
time.sleep(60)
`);
      return ran.endedBy === "memory";
    },
  },
  {
    name: "memory that no process has",
    attack: async () => OK(await python("import os\ntry: os.memfd_create('x'); print('through')\nexcept OSError: print('held')")),
  },
  {
    name: "memory as files of /tmp and /dev/shm",
    attack: async () => {
      const ran = await run(
        "for f in /tmp/a /tmp/b /dev/shm/a; do head -c 90M /dev/zero > $f; done; du -sm /tmp /dev/shm | cut -f1",
      );
      return (
        ran.stdout.text
          .trim()
          .split("\n")
          .reduce((sum, each) => sum + Number(each), 0) <= 82
      );
    },
  },
  {
    name: "a full disk, by large files",
    attack: async () => {
      const folder = join(dataDir, "filler");
      const ran = await run("for i in $(seq 4000); do head -c 4M /dev/zero > f$i; done", { folder });
      const { bytes } = await measureFolder(folder, { bytes: Infinity, entries: Infinity });
      // It can run nothing any more, so that it does not grow a little with each try.
      const again = await run("echo through", { folder });
      return ran.endedBy === "disk" && again.endedBy === "disk" && again.stdout.text === "" && bytes < 2_000 * MIB;
    },
  },
  {
    name: "a full disk, by one file, and by many empty ones",
    attack: async () => {
      const one = await run("head -c 900M /dev/zero > one; stat -c %s one");
      const many = await python("for i in range(10**7): open(f'f{i}', 'w').close()");
      return Number(one.stdout.text) <= LIMITS.diskBytes && many.endedBy === "disk";
    },
  },
  {
    name: "output without end",
    attack: async () => {
      const ran = await run("yes & yes >&2");
      return ran.endedBy === "output" && ran.stdout.text.length < 30_000 && ran.stderr.text.length < 30_000;
    },
  },
  {
    name: "a loop without end, deaf to signals",
    attack: async () => {
      const ran = await python(
        "import signal\nfor s in range(1, 32):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass",
        {},
        hasty,
      );
      return (ran.endedBy === "time" || ran.exitCode === 137) && (await countOurs()) === 0;
    },
  },
  {
    name: "processes that stay behind",
    attack: async () => {
      const ran = await run(`setsid nohup sleep ${marker(2)} >/dev/null 2>&1 < /dev/null & (sleep ${marker(2)} &) ; echo done`);
      return saysOnly("done")(ran) && !(await isRunning(marker(2)));
    },
  },
  {
    name: "processes that compute while their program waits for an answer",
    attack: async () => {
      const ran = await python(
        `import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", "while True: pass", "${marker(4)}"])
# Its parent ends, so that it is the namespace's.
subprocess.run(["bash", "-c", "python3 -c 'while True: pass' ${marker(4)} &"])
child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
os.write(5, b"?\\n")
print(os.read(5, 100).decode().strip(), child.communicate(b"on")[0].decode())`,
        {
          talk: {
            waitsMs: SLOW_MS,
            async answer() {
              await untilAsync(async () => (await statesOf(marker(4))).join() === "T,T", 20_000);
              return "go";
            },
          },
        },
      );
      return saysOnly("go on")(ran);
    },
  },
  {
    name: "processes that beget others while their program waits",
    attack: async () => {
      const ran = await python(
        `import os, subprocess, sys
beget = """import os
while True:
    try:
        if os.fork(): os._exit(0)
    # Those that have ended count until they are seen to have.
    except OSError: pass
"""
subprocess.run([sys.executable, "-c", beget, "${marker(5)}"])
os.write(5, b"?\\n")
print(os.read(5, 100).decode().strip())`,
        {
          talk: {
            waitsMs: SLOW_MS,
            async answer() {
              // One that was stopped as it ended is held beside the one that it has begun.
              await untilAsync(async () => areHeld(await statesOf(marker(5))), 20_000);
              return "held";
            },
          },
        },
      );
      // Or there was no holding it.
      return ran.endedBy === "time" ? !(await isRunning(marker(5))) : saysOnly("held")(ran);
    },
  },
  {
    name: "processes that wake one another while their program waits",
    attack: async () => {
      const ran = await python(
        `import os, subprocess, sys
wake = """import os, signal
while True:
    for each in range(3, 40):
        try: os.kill(each, signal.SIGCONT)
        except OSError: pass
"""
for _ in range(4): subprocess.Popen([sys.executable, "-c", wake, "${marker(6)}"])
os.write(5, b"?\\n")
print(os.read(5, 100).decode().strip(), flush=True)
os.kill(-1, 9)`,
        {
          talk: {
            waitsMs: SLOW_MS,
            async answer() {
              await untilAsync(async () => areHeld(await statesOf(marker(6))), 20_000);
              return "held";
            },
          },
        },
      );
      return ran.endedBy === "time" ? !(await isRunning(marker(6))) : saysOnly("held")(ran);
    },
  },
  {
    name: "a program that is ended while it waits",
    attack: async () => {
      const stop = new AbortController();
      const folder = join(dataDir, "ended");
      await mkdir(folder);
      const asked = Promise.withResolvers<void>();
      const talk = { waitsMs: SLOW_MS, answer: () => (asked.resolve(), new Promise<string>(() => {})) };
      const code = { "main.py": `import os\nos.write(5, b"?\\n")\nos.read(5, 1)` };
      const job = { folder, userId: 1_500_000_998, code, talk, command: ["python3", "/mnt/code/main.py"] };
      const before = timersNow();
      const running = opened.sandbox?.run(job, stop.signal);
      await asked.promise;
      stop.abort(new Error("gone"));
      await running?.catch(() => {});
      // Nothing looks after what is no more, whose number may be another's.
      await untilAsync(async () => timersNow() <= before);
      return true;
    },
  },
  {
    name: "a server that is killed while a program runs",
    attack: async () => {
      const folder = join(dataDir, "orphan");
      await mkdir(folder);
      const script = join(import.meta.dirname, "__fixtures__/run-forever.ts");
      const server = spawn(process.execPath, ["--conditions=source", script, dataDir, folder, marker(3)], { stdio: "ignore" });
      await untilAsync(async () => (await readdir(join(folder, WORK_PART)).catch((): string[] => [])).includes("begun"), 20_000);
      server.kill("SIGKILL");
      await untilAsync(async () => !(await isRunning(marker(3))));
      return true;
    },
  },
];

describe.skipIf(opened.sandbox === null)("is held:", { timeout: SLOW_MS, tags: "attack-sandbox" }, () => {
  test.each(ATTACKS.map((each) => [each.name, each] as const))("%s, and the next program runs", async (_name, each) => {
    expect(await each.attack()).toBe(true);
    expect(await run("echo next")).toMatchObject({ exitCode: 0, stdout: { text: "next\n" }, endedBy: null });
  });
});

const areHeld = (states: readonly string[]): boolean => states.length > 0 && states.every((state) => state === "T");

const timersNow = (): number => process.getActiveResourcesInfo().filter((each) => each === "Timeout").length;

/** Programs of ours that are still there. */
async function countOurs(): Promise<number> {
  return (await commandLines()).filter((line) => line.includes(dataDir) && line.includes("bwrap")).length;
}
