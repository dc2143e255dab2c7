// A PostgreSQL of the system's packages, whatever its version, in a folder of its own, for the db tests.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const VERSIONS = "/usr/lib/postgresql";

/** Null where no such package is installed. */
export async function startDebianPostgres() {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).filter((name) => /^\d+$/.test(name)) : [];
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
  if (newest === undefined) return null;
  const bin = join(VERSIONS, newest, "bin");
  // PostgreSQL refuses to run as root; its package brings the user.
  const isRoot = process.getuid?.() === 0;
  const run = (command, ...arguments_) => {
    const line = [join(bin, command), ...arguments_];
    const [file, ...rest] = isRoot ? ["runuser", "-u", "postgres", "--", ...line] : line;
    execFileSync(file, rest, { stdio: ["ignore", "ignore", "inherit"], cwd: tmpdir() });
  };
  const folder = mkdtempSync(join(tmpdir(), "parley-debian-"));
  if (isRoot) execFileSync("chown", ["postgres", folder]);
  const data = join(folder, "data");
  const port = await freePort();
  run("initdb", "-D", data, "--username", "parley", "--auth", "trust", "--encoding", "UTF8");
  const settings = `-c listen_addresses=127.0.0.1 -c port=${port} -c unix_socket_directories=${folder} -c max_connections=200`;
  run("pg_ctl", "-D", data, "-w", "-l", join(folder, "log"), "-o", settings, "start");
  return {
    version: newest,
    url: `postgres://parley@127.0.0.1:${port}/postgres`,
    stop() {
      run("pg_ctl", "-D", data, "-m", "immediate", "stop");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
