import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";

const Login = z.object({ access_token: z.string(), refresh_token: z.string(), expires_at_ms: z.number() });
const Logins = z.record(z.string(), Login);

/** A sign-in of whoever uses this machine at a Parley elsewhere. */
export type Login = z.infer<typeof Login>;

const fileIn = (dataDir: string): string => join(dataDir, "logins.json");

/** By the server's address; empty where there is no file, or none that can be read. */
export function readLogins(dataDir: string): Readonly<Record<string, Login>> {
  try {
    return Logins.parse(JSON.parse(readFileSync(fileIn(dataDir), "utf8")));
  } catch {
    return {};
  }
}

/** Null forgets it. Readable to nobody else, and never half written. */
export function writeLogin(dataDir: string, url: string, login: Login | null): void {
  const { [url]: _before, ...others } = readLogins(dataDir);
  const file = fileIn(dataDir);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const next = `${file}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify(login === null ? others : { ...others, [url]: login }, null, 2)}\n`, { mode: 0o600 });
  chmodSync(next, 0o600);
  renameSync(next, file);
}
