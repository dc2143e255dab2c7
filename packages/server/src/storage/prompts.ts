import type { ConsolePromptCase, ConsolePromptContent } from "@parley/wire";
import { and, count, desc, eq, sql } from "drizzle-orm";
import { keepsContentOn } from "./data-policies.ts";
import { prompts, promptVersions } from "./schema.ts";
import type { Storage } from "./storage.ts";

export type PromptRow = typeof prompts.$inferSelect;
export type PromptVersionRow = typeof promptVersions.$inferSelect;

export interface OpenedPrompt {
  readonly prompt: PromptRow;
  readonly opened: PromptVersionRow;
  /** Newest first, without their contents: all of them together may be gigabytes. */
  readonly versions: readonly Pick<PromptVersionRow, "version" | "createdAt">[];
}

interface Author {
  readonly userId: string;
  readonly now: Date;
}

export function listPrompts(storage: Storage, workspaceId: string, limit: number): Promise<PromptRow[]> {
  return storage.run({ operation: "list prompts", repeatable: true }, (database) =>
    database
      .select()
      .from(prompts)
      .where(eq(prompts.workspaceId, workspaceId))
      .orderBy(desc(prompts.updatedAt), desc(prompts.id))
      .limit(limit),
  );
}

export function countPrompts(storage: Storage, workspaceId: string): Promise<number> {
  return storage.run({ operation: "count prompts", repeatable: true }, async (database) => {
    const [row] = await database.select({ count: count() }).from(prompts).where(eq(prompts.workspaceId, workspaceId));
    return row?.count ?? 0;
  });
}

/** `version`: null is the newest. Null: there is no such prompt, or version. */
export function findPrompt(
  storage: Storage,
  workspaceId: string,
  id: string,
  version: number | null,
): Promise<OpenedPrompt | null> {
  return storage.run({ operation: "find prompt", repeatable: true }, async (database) => {
    const [prompt] = await database
      .select()
      .from(prompts)
      .where(and(eq(prompts.workspaceId, workspaceId), eq(prompts.id, id)));
    if (!prompt) return null;
    const versions = await database
      .select({ version: promptVersions.version, createdAt: promptVersions.createdAt })
      .from(promptVersions)
      .where(eq(promptVersions.promptId, id))
      .orderBy(desc(promptVersions.version));
    const [opened] = await database
      .select()
      .from(promptVersions)
      .where(and(eq(promptVersions.promptId, id), eq(promptVersions.version, version ?? versions[0]?.version ?? 0)));
    return opened ? { prompt, opened, versions } : null;
  });
}

/** False: its workspace was deleted meanwhile, or keeps nothing now. */
export function insertPrompt(
  storage: Storage,
  prompt: {
    readonly id: string;
    readonly workspaceId: string;
    readonly name: string;
    readonly content: ConsolePromptContent;
    readonly cases: readonly ConsolePromptCase[];
  },
  { userId, now }: Author,
): Promise<boolean> {
  const { content, ...row } = prompt;
  return storage.run({ operation: "insert prompt", repeatable: false }, (database) =>
    database.transaction(async (transaction) => {
      if (!(await keepsContentOn(transaction, prompt.workspaceId))) return false;
      await transaction.insert(prompts).values({ ...row, version: 1, createdAt: now, updatedAt: now });
      await transaction
        .insert(promptVersions)
        .values({ promptId: prompt.id, version: 1, content, createdBy: userId, createdAt: now });
      return true;
    }),
  );
}

/**
 * `absent`: there is no such prompt. `unwanted`: its workspace was deleted meanwhile, or keeps nothing now. The row's lock keeps
 * two saves from taking one number.
 */
export function updatePrompt(
  storage: Storage,
  at: { readonly workspaceId: string; readonly id: string },
  change: {
    readonly name?: string | undefined;
    readonly content?: ConsolePromptContent | undefined;
    readonly cases?: readonly ConsolePromptCase[] | undefined;
  },
  { userId, now }: Author,
): Promise<"saved" | "absent" | "unwanted"> {
  return storage.run({ operation: "update prompt", repeatable: false }, (database) =>
    database.transaction(async (transaction) => {
      if (!(await keepsContentOn(transaction, at.workspaceId))) return "unwanted";
      const { name, content, cases } = change;
      const [changed] = await transaction
        .update(prompts)
        .set({
          updatedAt: now,
          ...(name === undefined ? {} : { name }),
          ...(cases === undefined ? {} : { cases }),
          ...(content === undefined ? {} : { version: sql`${prompts.version} + 1` }),
        })
        .where(and(eq(prompts.workspaceId, at.workspaceId), eq(prompts.id, at.id)))
        .returning({ version: prompts.version });
      if (!changed) return "absent";
      if (content !== undefined) {
        await transaction
          .insert(promptVersions)
          .values({ promptId: at.id, version: changed.version, content, createdBy: userId, createdAt: now });
      }
      return "saved";
    }),
  );
}

/** How many versions a prompt of the workspace has; 0: there is none. */
export function countVersions(storage: Storage, workspaceId: string, id: string): Promise<number> {
  return storage.run({ operation: "count versions of a prompt", repeatable: true }, async (database) => {
    const [row] = await database
      .select({ count: count() })
      .from(promptVersions)
      .innerJoin(prompts, eq(prompts.id, promptVersions.promptId))
      .where(and(eq(prompts.workspaceId, workspaceId), eq(prompts.id, id)));
    return row?.count ?? 0;
  });
}

/** False where there is none. */
export function deletePrompt(storage: Storage, workspaceId: string, id: string): Promise<boolean> {
  return storage.run({ operation: "delete prompt", repeatable: true }, async (database) => {
    const deleted = await database
      .delete(prompts)
      .where(and(eq(prompts.workspaceId, workspaceId), eq(prompts.id, id)))
      .returning({ id: prompts.id });
    return deleted.length > 0;
  });
}

export async function deletePromptsOf(storage: Storage, workspaceId: string): Promise<void> {
  await storage.run({ operation: "delete a workspace's prompts", repeatable: true }, (database) =>
    database.delete(prompts).where(eq(prompts.workspaceId, workspaceId)),
  );
}
