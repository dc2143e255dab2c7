import { eq } from "drizzle-orm";
import { drainedUpstreams } from "./schema.ts";
import type { Queries } from "./storage.ts";

export type DrainedUpstreamRow = typeof drainedUpstreams.$inferInsert;

/** One that is drained already stays so, by whoever did it. */
export async function insertDrainedUpstream(queries: Queries, row: DrainedUpstreamRow): Promise<void> {
  await queries.insert(drainedUpstreams).values(row).onConflictDoNothing();
}

/** False: it was not drained. */
export async function deleteDrainedUpstream(queries: Queries, upstream: string): Promise<boolean> {
  const deleted = await queries.delete(drainedUpstreams).where(eq(drainedUpstreams.upstream, upstream)).returning();
  return deleted.length > 0;
}
