import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { identifyProcess } from "../../platform/process-identity.ts";
import { silentLog as log } from "../testing/test-storage.ts";
import { locatePostgresBinaries } from "./binaries.ts";
import { ensureCluster } from "./cluster.ts";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "./embedded-postgres.ts";
import { startPostmaster } from "./postmaster.ts";
import { chooseRunAs, type RunAs } from "./run-as.ts";
import { layoutOf } from "./settings.ts";

const HOLDER = fileURLToPath(new URL("./__fixtures__/hold-postgres.ts", import.meta.url));

async function temporaryFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "parley-pg-")));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function query(postgres: EmbeddedPostgres, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ ...postgres.connection });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

test("a fresh folder gives a private, durable server that no network reaches", async () => {
  const directory = await temporaryFolder();
  await using postgres = await startEmbeddedPostgres({ directory, log });
  expect(postgres.role).toBe("owner");
  expect(postgres.connection.host).toBe(join(directory, "run"));
  const rows = await query(
    postgres,
    `select name, setting from pg_settings where name in
      ('fsync','synchronous_commit','full_page_writes','data_checksums','listen_addresses','server_encoding','TimeZone') order by name`,
  );
  expect(Object.fromEntries((rows as { name: string; setting: string }[]).map((row) => [row.name, row.setting]))).toEqual({
    TimeZone: "UTC",
    data_checksums: "on",
    fsync: "on",
    full_page_writes: "on",
    listen_addresses: "",
    server_encoding: "UTF8",
    synchronous_commit: "on",
  });
  for (const name of ["data", "run"]) expect((await stat(join(directory, name))).mode & 0o077).toBe(0);
  expect((await stat(join(directory, "password"))).mode & 0o777).toBe(0o600);
  const guessed: EmbeddedPostgres = { ...postgres, connection: { ...postgres.connection, password: "guess" } };
  await expect(query(guessed, "select 1")).rejects.toThrow("password authentication failed");
});

test("a folder whose path is too long for a socket is served on loopback with the same password", async () => {
  const directory = join(await temporaryFolder(), "x".repeat(90));
  await using postgres = await startEmbeddedPostgres({ directory, log });
  expect(postgres.connection.host).toBe("127.0.0.1");
  expect(await query(postgres, "show listen_addresses")).toEqual([{ listen_addresses: "127.0.0.1" }]);
  await using guest = await startEmbeddedPostgres({ directory, log });
  expect(guest.role).toBe("guest");
  expect(await query(guest, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("a second start on the same folder is a guest, and its end leaves the server running", async () => {
  const directory = await temporaryFolder();
  await using owner = await startEmbeddedPostgres({ directory, log });
  const guest = await startEmbeddedPostgres({ directory, log });
  expect([guest.role, guest.pid()]).toEqual(["guest", owner.pid()]);
  await guest.close();
  expect(await query(owner, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("an initdb that was cut off, and a lock file whose pid now belongs to someone else, do not hinder a start", async () => {
  const directory = await temporaryFolder();
  await mkdir(join(directory, "data.new"));
  await writeFile(join(directory, "data.new", "PG_VERSION"), "18\n");
  await (await startEmbeddedPostgres({ directory, log })).close();
  await writeFile(
    join(directory, "data", "postmaster.pid"),
    `${process.pid}\n${join(directory, "data")}\n1\n5432\n\n\n\nready\n`,
  );
  await writeFile(join(directory, "owner.lock"), JSON.stringify({ pid: process.pid, startedAt: "another boot:1" }));
  await using postgres = await startEmbeddedPostgres({ directory, log });
  expect(await query(postgres, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("when the server is killed the supervisor brings it back with everything committed", async () => {
  const directory = await temporaryFolder();
  await using postgres = await startEmbeddedPostgres({ directory, log });
  await query(postgres, "create table kept as select 42 as answer");
  const killed = postgres.pid() ?? 0;
  process.kill(killed, "SIGKILL");
  await expect.poll(() => postgres.pid() ?? killed, { timeout: 30_000 }).not.toBe(killed);
  expect(await query(postgres, "select answer from kept")).toEqual([{ answer: 42 }]);
});

test("when Parley itself is killed its server goes too, and the next start has everything committed", async () => {
  const directory = await temporaryFolder();
  const holder = spawn(process.execPath, ["--conditions=source", HOLDER, directory], { stdio: ["ignore", "pipe", "inherit"] });
  const pid = await new Promise<number>((resolve) =>
    holder.stdout.once("data", (chunk: Buffer) => resolve(Number(chunk.toString()))),
  );
  const ended = new Promise((resolve) => holder.once("exit", resolve));
  holder.kill("SIGKILL");
  // A signal is only sent: until the process is gone the next start rightly finds its server in use.
  await ended;
  await using postgres = await startEmbeddedPostgres({ directory, log });
  expect([postgres.role, postgres.pid() === pid]).toEqual(["owner", false]);
  expect(identifyProcess(pid)).toBeNull();
  expect(await query(postgres, "select answer from kept")).toEqual([{ answer: 42 }]);
});

test("a server that outlived its Parley is stopped, not fought", async () => {
  const directory = await temporaryFolder();
  const layout = layoutOf(directory);
  const binaries = locatePostgresBinaries();
  const runAs = await chooseRunAs({ postgres: binaries.postgres });
  // As where the kernel cannot tie a child's life to its parent's.
  const immortal: RunAs = { ...runAs, wrap: (file, args) => runAs.wrap(file, args) };
  await ensureCluster(layout, binaries, immortal);
  const orphan = await startPostmaster({ layout, binaries, runAs: immortal, log }, { kind: "socket", port: 5432 });
  await using postgres = await startEmbeddedPostgres({ directory, log });
  expect(postgres.pid()).not.toBe(orphan.pid);
  await orphan.exited;
  expect(await query(postgres, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("closing stops the server cleanly and frees the folder", async () => {
  const directory = await temporaryFolder();
  const postgres = await startEmbeddedPostgres({ directory, log });
  const pid = postgres.pid() ?? 0;
  await Promise.all([postgres.close(), postgres.close()]);
  expect(identifyProcess(pid)).toBeNull();
  expect(await readdir(directory)).not.toContain("owner.lock");
  expect(await readdir(join(directory, "data"))).not.toContain("postmaster.pid");
});
