import type { Storage } from "../storage.ts";
import type { TestStorage } from "./test-storage.ts";

/** An address by which another process reaches a test's database. */
export function databaseUrlOf(storage: Storage & Partial<Pick<TestStorage, "databaseUrl">>): string {
  const connection = storage.embedded?.connection;
  if (!connection) return storage.databaseUrl ?? "";
  const url = new URL(`postgres://localhost/${connection.database}`);
  url.searchParams.set("host", connection.host);
  url.port = String(connection.port);
  url.username = connection.user;
  url.password = connection.password;
  return url.href;
}
