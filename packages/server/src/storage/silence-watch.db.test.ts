import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { openStorage } from "./storage.ts";
import { databaseUrlOf } from "./testing/database-url-of.ts";
import { openTestStorage, silentLog } from "./testing/test-storage.ts";

test("a database whose packets vanish is found out long before a statement's time limit, and used again when it is back", async () => {
  await using direct = await openTestStorage();
  const url = new URL(databaseUrlOf(direct));
  await using line = await openLine(url.searchParams.get("host") ?? url.hostname, Number(url.port || 5432));
  url.searchParams.delete("host");
  url.hostname = "127.0.0.1";
  url.port = String(line.port);
  await using storage = await openStorage({
    databaseUrl: url.href,
    dataDir: direct.dataDir,
    log: silentLog,
    clock: systemClock,
    silenceMs: 400,
    outageBudgetMs: 400,
  });
  const ask = () => storage.run({ operation: "ask", repeatable: false }, (database) => database.execute(sql`select 1`));
  // Two connections: one for the statement that is lost, one that lies idle meanwhile.
  await Promise.all([ask(), ask()]);
  line.cut();
  await expect(ask()).rejects.toMatchObject({ type: "overloaded_error", retryAfterSeconds: 1 });
  line.mend();
  expect((await ask()).rows).toHaveLength(1);

  // One that is only slow is left alone.
  const slow = storage.run({ operation: "sleep", repeatable: false }, (database) => database.execute(sql`select pg_sleep(2)`));
  expect((await slow).rows).toHaveLength(1);
}, 20_000);

/** To the database. While it is cut nothing that is sent arrives, and what was open then stays dead. */
async function openLine(host: string, port: number) {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    const far = host.startsWith("/") ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    for (const [from, to] of [[near, far] as const, [far, near] as const]) {
      sockets.add(from);
      from.on("error", () => {});
      from.on("close", () => to.destroy());
      from.pipe(to);
    }
    if (isCut) drop();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  function drop(): void {
    for (const socket of sockets) socket.unpipe().pause();
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      drop();
    },
    mend() {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
