import { asc, eq, lt, sql } from "drizzle-orm";
import { drainedUpstreams, routeReloadAnswers, routeReloads } from "./schema.ts";
import type { Storage } from "./storage.ts";

export type RouteReloadAnswer = typeof routeReloadAnswers.$inferSelect;

/** Long after the last node has answered. */
const KEPT_MS = 86_400_000;

/** Asks all nodes; its id is what they answer to. */
export function askRouteReload(storage: Storage, askedBy: string): Promise<number> {
  return storage.run({ operation: "ask for new routes", repeatable: false }, async (database) => {
    const nowMs = storage.clock.nowMs();
    await database.delete(routeReloads).where(lt(routeReloads.askedAt, new Date(nowMs - KEPT_MS)));
    const [row] = await database
      .insert(routeReloads)
      .values({ askedAt: new Date(nowMs), askedBy })
      .returning({ id: routeReloads.id });
    if (!row) throw new Error("the row was not written");
    return row.id;
  });
}

/** What operators want of all nodes. */
export interface RouteOrders {
  /** 0: nobody has asked lately. */
  readonly lastReload: number;
  /** Names of upstreams that get no new turns, in their order. */
  readonly drained: readonly string[];
}

/** In one statement, as each process of each node asks every second. */
export function readRouteOrders(storage: Storage): Promise<RouteOrders> {
  return storage.run({ operation: "look for new routes", repeatable: true }, async (database) => {
    const { rows } = await database.execute<{ last_reload: number; drained: readonly string[] }>(sql`
      select (select coalesce(max(${routeReloads.id}), 0)::float8 from ${routeReloads}) as last_reload,
        array(select ${drainedUpstreams.upstream} from ${drainedUpstreams} order by 1) as drained`);
    return { lastReload: rows[0]?.last_reload ?? 0, drained: rows[0]?.drained ?? [] };
  });
}

export function answerRouteReload(
  storage: Storage,
  answer: Pick<RouteReloadAnswer, "reloadId" | "node" | "problem">,
): Promise<void> {
  return storage.run({ operation: "answer about new routes", repeatable: true }, async (database) => {
    await database
      .insert(routeReloadAnswers)
      .values({ ...answer, answeredAt: new Date(storage.clock.nowMs()) })
      .onConflictDoNothing();
  });
}

export function listRouteReloadAnswers(storage: Storage, reloadId: number): Promise<RouteReloadAnswer[]> {
  return storage.run({ operation: "list answers about new routes", repeatable: true }, (database) =>
    database
      .select()
      .from(routeReloadAnswers)
      .where(eq(routeReloadAnswers.reloadId, reloadId))
      .orderBy(asc(routeReloadAnswers.node)),
  );
}
