import { and, desc, eq, exists, inArray, sql } from "drizzle-orm";
import { skills, skillVersions } from "./schema.ts";
import type { Database, Queries, Storage } from "./storage.ts";

export type SkillRow = typeof skills.$inferSelect;
export type SkillVersionRow = typeof skillVersions.$inferSelect;

/** A skill and its newest version; null: every version of it was deleted, which clients of the beta may do. */
export interface StoredSkill {
  readonly skill: SkillRow;
  readonly latest: SkillVersionRow | null;
}

export async function insertSkillOn(queries: Queries, skill: SkillRow): Promise<void> {
  await queries.insert(skills).values(skill);
}

export async function insertSkillVersionOn(queries: Queries, version: SkillVersionRow): Promise<void> {
  await queries.insert(skillVersions).values(version);
}

/** Versions of one skill are added and removed one after the other. */
export async function lockSkillOn(queries: Queries, workspaceId: string, id: string): Promise<SkillRow | null> {
  const [row] = await queries
    .select()
    .from(skills)
    .where(and(eq(skills.workspaceId, workspaceId), eq(skills.id, id)))
    .for("update");
  return row ?? null;
}

export async function touchSkillOn(queries: Queries, id: string, updatedAt: Date): Promise<void> {
  await queries.update(skills).set({ updatedAt }).where(eq(skills.id, id));
}

export async function deleteSkillOn(queries: Queries, id: string): Promise<void> {
  await queries.delete(skills).where(eq(skills.id, id));
}

export async function deleteSkillVersionOn(queries: Queries, id: string): Promise<void> {
  await queries.delete(skillVersions).where(eq(skillVersions.id, id));
}

/** Those of a skill, newest first. */
export function findSkillVersionsOn(queries: Queries, skillId: string): Promise<SkillVersionRow[]> {
  return queries.select().from(skillVersions).where(eq(skillVersions.skillId, skillId)).orderBy(desc(skillVersions.version));
}

export function findSkillVersions(storage: Storage, skillId: string): Promise<SkillVersionRow[]> {
  return storage.run({ operation: "find skill versions", repeatable: true }, (database) =>
    findSkillVersionsOn(database, skillId),
  );
}

export async function isDisplayNameTakenOn(queries: Queries, workspaceId: string, displayName: string): Promise<boolean> {
  const rows = await queries
    .select({ id: skills.id })
    .from(skills)
    .where(and(eq(skills.workspaceId, workspaceId), eq(skills.displayName, displayName)))
    .limit(1);
  return rows.length > 0;
}

/** Those of the ids that are the workspace's. */
export function findSkills(storage: Storage, workspaceId: string, ids: readonly string[]): Promise<StoredSkill[]> {
  return storage.run({ operation: "find skills", repeatable: true }, async (database) =>
    withLatest(
      database,
      await database
        .select()
        .from(skills)
        .where(and(eq(skills.workspaceId, workspaceId), inArray(skills.id, [...ids]))),
    ),
  );
}

export interface SkillCursor {
  readonly createdAtMs: number;
  readonly id: string;
}

/** Newest first, from beyond the cursor on; one more than asked for tells that there are more. */
export function listSkills(
  storage: Storage,
  workspaceId: string,
  page: { readonly limit: number; readonly cursor: SkillCursor | null; readonly withoutVersions: boolean },
): Promise<StoredSkill[]> {
  const { limit, cursor, withoutVersions } = page;
  return storage.run({ operation: "list skills", repeatable: true }, async (database) => {
    const beyond = cursor
      ? sql`(${skills.createdAt}, ${skills.id}) < (${sql.param(new Date(cursor.createdAtMs), skills.createdAt)}, ${cursor.id})`
      : undefined;
    const hasVersion = exists(
      database.select({ id: skillVersions.id }).from(skillVersions).where(eq(skillVersions.skillId, skills.id)),
    );
    const rows = await database
      .select()
      .from(skills)
      .where(and(eq(skills.workspaceId, workspaceId), beyond, withoutVersions ? undefined : hasVersion))
      .orderBy(desc(skills.createdAt), desc(skills.id))
      .limit(limit + 1);
    return withLatest(database, rows);
  });
}

async function withLatest(database: Pick<Database, "selectDistinctOn">, rows: SkillRow[]): Promise<StoredSkill[]> {
  if (rows.length === 0) return [];
  const latest = await database
    .selectDistinctOn([skillVersions.skillId])
    .from(skillVersions)
    .where(
      inArray(
        skillVersions.skillId,
        rows.map(({ id }) => id),
      ),
    )
    .orderBy(skillVersions.skillId, desc(skillVersions.version));
  const bySkill = new Map(latest.map((version) => [version.skillId, version]));
  return rows.map((skill) => ({ skill, latest: bySkill.get(skill.id) ?? null }));
}

/** Newest first, from below the cursor on; one more than asked for tells that there are more. */
export function listSkillVersions(
  storage: Storage,
  skillId: string,
  page: { readonly limit: number; readonly below: number | null },
): Promise<SkillVersionRow[]> {
  return storage.run({ operation: "list skill versions", repeatable: true }, (database) =>
    database
      .select()
      .from(skillVersions)
      .where(
        and(eq(skillVersions.skillId, skillId), page.below === null ? undefined : sql`${skillVersions.version} < ${page.below}`),
      )
      .orderBy(desc(skillVersions.version))
      .limit(page.limit + 1),
  );
}

/** Versions of a workspace, whatever their skill. */
export async function findSkillVersionsOf(storage: Storage, workspaceId: string, limit: number): Promise<string[]> {
  const rows = await storage.run({ operation: "find a workspace's skill versions", repeatable: true }, (database) =>
    database.select({ id: skillVersions.id }).from(skillVersions).where(eq(skillVersions.workspaceId, workspaceId)).limit(limit),
  );
  return rows.map(({ id }) => id);
}

export async function deleteSkillVersions(storage: Storage, ids: readonly string[]): Promise<void> {
  await storage.run({ operation: "delete skill versions", repeatable: true }, (database) =>
    database.delete(skillVersions).where(inArray(skillVersions.id, [...ids])),
  );
}

/** Those that no version is left of. */
export async function deleteSkillsOf(storage: Storage, workspaceId: string): Promise<void> {
  await storage.run({ operation: "delete a workspace's skills", repeatable: true }, (database) =>
    database
      .delete(skills)
      .where(
        and(
          eq(skills.workspaceId, workspaceId),
          sql`not exists (select 1 from ${skillVersions} where ${skillVersions.skillId} = ${skills.id})`,
        ),
      ),
  );
}

/** Which of the ids are versions. */
export async function findStoredSkillVersions(storage: Storage, ids: readonly string[]): Promise<Set<string>> {
  const rows = await storage.run({ operation: "find stored skill versions", repeatable: true }, (database) =>
    database
      .select({ id: skillVersions.id })
      .from(skillVersions)
      .where(inArray(skillVersions.id, [...ids])),
  );
  return new Set(rows.map(({ id }) => id));
}
