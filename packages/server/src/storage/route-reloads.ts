import { asc, eq, lt, max } from "drizzle-orm";
import { routeReloadAnswers, routeReloads } from "./schema.ts";
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

/** 0: nobody has asked lately. */
export function lastRouteReload(storage: Storage): Promise<number> {
  return storage.run({ operation: "look for new routes", repeatable: true }, async (database) => {
    const [row] = await database.select({ id: max(routeReloads.id) }).from(routeReloads);
    return row?.id ?? 0;
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
