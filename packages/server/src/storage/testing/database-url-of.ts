import type { Storage } from "../storage.ts";

/** An address by which another process reaches a test's database. */
export function databaseUrlOf(storage: Storage): string {
  const connection = storage.embedded?.connection;
  if (!connection) return process.env["PARLEY_TEST_DATABASE_URL"] ?? "";
  const url = new URL(`postgres://localhost/${connection.database}`);
  url.searchParams.set("host", connection.host);
  url.port = String(connection.port);
  url.username = connection.user;
  url.password = connection.password;
  return url.href;
}
