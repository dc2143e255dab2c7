import { type BlobOwner, type BlobStore, isAbsentBlob } from "../blobs/index.ts";
import { type FileOwner, quotaExceeded } from "../files/create-files.ts";
import type { Clock } from "../platform/clock.ts";
import { type Failure, fail } from "../platform/fail.ts";
import { newId } from "../platform/ids.ts";
import { changeAudited, type AuditActor } from "../storage/audit-log.ts";
import { keepsContentOn } from "../storage/data-policies.ts";
import { lockStoredBytesOn, sumStoredBytesOn } from "../storage/files.ts";
import { isOutage } from "../storage/outage.ts";
import {
  deleteSkillOn,
  deleteSkillsOf,
  deleteSkillVersionOn,
  deleteSkillVersions,
  findSkills,
  findSkillVersions,
  findSkillVersionsOf,
  findSkillVersionsOn,
  findStoredSkillVersions,
  insertSkillOn,
  insertSkillVersionOn,
  isDisplayNameTakenOn,
  listSkills,
  listSkillVersions,
  lockSkillOn,
  type SkillCursor,
  type SkillRow,
  type SkillVersionRow,
  type StoredSkill,
  touchSkillOn,
} from "../storage/skills.ts";
import type { Queries, Storage } from "../storage/storage.ts";
import { notKept } from "../tenancy/not-kept.ts";
import type { UploadedSkill } from "./assemble-skill.ts";
import type { BuiltInSkill } from "./built-in-skill.ts";
import type { SkillUpload } from "./read-skill-upload.ts";
import { SKILL_BLOB_PREFIX, skillBlobKey } from "./skill-blob-key.ts";
import type { SkillRecord, SkillVersionRecord } from "./skill-records.ts";
import { writeZip } from "./write-zip.ts";

/** Who does it, for the audit log. */
export interface SkillActor extends FileOwner {
  readonly actor: AuditActor;
  readonly requestId: string;
}

/** Where a list goes on: after a skill of the workspace, or after one of Parley's. */
export type SkillListCursor = SkillCursor | { readonly builtIn: string };

/** What clients of the beta may do and others not, and the other way round. */
export interface SkillRules {
  readonly isLegacy: boolean;
}

/** A skill as a request names it. */
export interface SkillReference {
  readonly type: "anthropic" | "custom";
  readonly skillId: string;
  /** Its id, its number, or `latest`, which is also the default. */
  readonly version?: string;
}

export interface Skills {
  create(by: SkillActor, upload: SkillUpload, rules: SkillRules): Promise<SkillRecord>;
  /** Throws `not_found_error`, as everything below does. */
  createVersion(by: SkillActor, skillId: string, skill: UploadedSkill): Promise<SkillVersionRecord>;
  get(owner: FileOwner, id: string, rules: SkillRules): Promise<SkillRecord>;
  /** The workspace's, newest first, then Parley's. One more than asked for tells that there are more. */
  list(
    owner: FileOwner,
    page: { readonly source: string | null; readonly limit: number; readonly cursor: SkillListCursor | null } & SkillRules,
  ): Promise<SkillRecord[]>;
  delete(by: SkillActor, id: string, rules: SkillRules): Promise<void>;
  /** `version`: its id, or its number. */
  getVersion(owner: FileOwner, skillId: string, version: string): Promise<SkillVersionRecord>;
  listVersions(
    owner: FileOwner,
    skillId: string,
    page: { readonly limit: number; readonly below: number | null },
  ): Promise<SkillVersionRecord[]>;
  deleteVersion(by: SkillActor, skillId: string, version: string, rules: SkillRules): Promise<SkillVersionRecord>;
  /** The versions that a request names, in its order. */
  resolve(owner: FileOwner, references: readonly SkillReference[]): Promise<SkillVersionRecord[]>;
  /** A zip archive of the version's files, in a folder named like the skill. */
  readArchive(owner: FileOwner, version: Pick<SkillVersionRecord, "id" | "skillId">): AsyncIterable<Uint8Array>;
  /** Removes every skill of a workspace. */
  removeAll(workspaceId: string): Promise<void>;
  readonly blobOwner: BlobOwner;
}

export interface SkillsDeps {
  readonly storage: Storage;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly auditKey: Buffer;
  /** What the files and skills of one organization may take together. */
  readonly quotaBytes: number;
  readonly builtIns: readonly BuiltInSkill[];
}

const REMOVED_AT_ONCE = 500;

export function createSkills({ storage, blobs, clock, auditKey, quotaBytes, builtIns }: SkillsDeps): Skills {
  const builtIn = (id: string): BuiltInSkill | undefined => builtIns.find((each) => each.id === id);
  const audited = ({ organizationId, actor, requestId }: SkillActor) => ({
    organizationId,
    actor,
    requestId,
    atMs: clock.nowMs(),
    auditKey,
  });

  /** Stores the archive, then what `insert` writes of it; without a row no blob stays. */
  async function withArchive<T>(
    by: SkillActor,
    skillId: string,
    { name, description, files }: UploadedSkill,
    insert: (version: Omit<SkillVersionRow, "version">) => Promise<T>,
  ): Promise<T> {
    const id = newId("skver");
    try {
      const facts = await blobs.put(skillBlobKey(id), writeZip(name, files));
      const { organizationId, workspaceId } = by;
      const createdAt = new Date(clock.nowMs());
      return await insert({ id, skillId, organizationId, workspaceId, name, description, ...facts, createdAt });
    } catch (error) {
      // Of a database that went away nobody knows whether it has the row; the sweep decides later, also where this fails.
      if (!isOutage(error)) await blobs.delete(skillBlobKey(id)).catch(() => {});
      throw error;
    }
  }

  async function keepOn(queries: Queries, version: SkillVersionRow): Promise<void> {
    await lockStoredBytesOn(queries, version.organizationId);
    if (!(await keepsContentOn(queries, version.workspaceId))) throw notKept();
    if ((await sumStoredBytesOn(queries, version.organizationId)) + version.sizeBytes > quotaBytes) throw quotaExceeded();
    await insertSkillVersionOn(queries, version);
  }

  async function find(owner: FileOwner, id: string): Promise<StoredSkill> {
    const [found] = await findSkills(storage, owner.workspaceId, [id]);
    if (!found) throw skillNotFound(id);
    return found;
  }

  /** Inside a change: the skill, which nobody else changes meanwhile. */
  async function lockOn(queries: Queries, by: SkillActor, id: string): Promise<SkillRow> {
    if (builtIn(id)) throw fail("invalid_request_error", { public: `Skill ${id} is of source 'anthropic', which is read-only.` });
    const row = await lockSkillOn(queries, by.workspaceId, id);
    if (!row) throw skillNotFound(id);
    return row;
  }

  async function findVersion(owner: FileOwner, skillId: string, version: string): Promise<SkillVersionRecord> {
    const own = builtIn(skillId);
    if (own) {
      if (own.version !== version) throw versionNotFound(version);
      return toBuiltInVersion(own);
    }
    await find(owner, skillId);
    const row = (await findSkillVersions(storage, skillId)).find((each) => isNamed(each, version));
    if (!row) throw versionNotFound(version);
    return toVersion(row);
  }

  return {
    create(by, { skill, label }, { isLegacy }) {
      const skillId = newId("skill");
      return withArchive(by, skillId, skill, (made) =>
        changeAudited(storage, "create skill", audited(by), async (queries, record) => {
          if (isLegacy && label !== null && (await isDisplayNameTakenOn(queries, by.workspaceId, label))) {
            throw fail("invalid_request_error", { public: `Skill cannot reuse an existing display_title: ${label}` });
          }
          const version = { ...made, version: made.createdAt.getTime() * 1_000 };
          const { organizationId, workspaceId, name, createdAt } = version;
          const row: SkillRow = {
            id: skillId,
            organizationId,
            workspaceId,
            name,
            displayName: label,
            createdAt,
            updatedAt: createdAt,
          };
          await insertSkillOn(queries, row);
          await keepOn(queries, version);
          const after = { workspace_id: workspaceId, name, display_name: label ?? name, latest_version_id: version.id };
          await record({ action: "skill.create", target: { type: "skill", id: skillId }, before: null, after });
          return toSkill({ skill: row, latest: version });
        }),
      );
    },

    createVersion(by, skillId, skill) {
      return withArchive(by, skillId, skill, (made) =>
        changeAudited(storage, "create skill version", audited(by), async (queries, record) => {
          const { name } = await lockOn(queries, by, skillId);
          if (name !== skill.name) {
            throw fail("invalid_request_error", {
              public: `The skill name '${skill.name}' in SKILL.md must be '${name}', the name of the skill's other versions.`,
            });
          }
          const [latest] = await findSkillVersionsOn(queries, skillId);
          const version = { ...made, version: Math.max(made.createdAt.getTime() * 1_000, (latest?.version ?? 0) + 1) };
          await keepOn(queries, version);
          await touchSkillOn(queries, skillId, made.createdAt);
          await record({
            action: "skill_version.create",
            target: { type: "skill_version", id: version.id },
            before: null,
            after: { workspace_id: by.workspaceId, skill_id: skillId, name },
          });
          return toVersion(version);
        }),
      );
    },

    async get(owner, id, { isLegacy }) {
      const own = builtIn(id);
      if (own) return toBuiltInSkill(own);
      const found = await find(owner, id);
      // A skill without versions has no place in the newer shape.
      if (found.latest === null && !isLegacy) throw skillNotFound(id);
      return toSkill(found);
    },

    async list(owner, { source, limit, cursor, isLegacy }) {
      const isAfterBuiltIn = cursor !== null && "builtIn" in cursor;
      const hasCustom = !isAfterBuiltIn && (source === null || source === "custom");
      const custom = hasCustom ? await listSkills(storage, owner.workspaceId, { limit, cursor, withoutVersions: isLegacy }) : [];
      const from = isAfterBuiltIn ? builtIns.findIndex(({ id }) => id === cursor.builtIn) + 1 : 0;
      const rest = source === null || source === "anthropic" ? builtIns.slice(from) : [];
      return [...custom.map(toSkill), ...rest.map(toBuiltInSkill)].slice(0, limit + 1);
    },

    async delete(by, id, { isLegacy }) {
      const versions = await changeAudited(storage, "delete skill", audited(by), async (queries, record) => {
        const { name } = await lockOn(queries, by, id);
        const there = await findSkillVersionsOn(queries, id);
        if (isLegacy && there.length > 0) {
          throw fail("invalid_request_error", {
            public: "Cannot delete skill with existing versions. Delete all versions first.",
          });
        }
        await deleteSkillOn(queries, id);
        const before = { workspace_id: by.workspaceId, name, versions: there.map((version) => version.id) };
        await record({ action: "skill.delete", target: { type: "skill", id }, before, after: null });
        return there;
      });
      for (const version of versions) await blobs.delete(skillBlobKey(version.id));
    },

    getVersion: findVersion,

    resolve: (owner, references) =>
      Promise.all(
        references.map(async ({ type, skillId, version = "latest" }) => {
          const own = builtIn(skillId);
          if ((own !== undefined) !== (type === "anthropic")) throw skillNotFound(skillId);
          if (version !== "latest") return findVersion(owner, skillId, version);
          if (own) return toBuiltInVersion(own);
          const { latest } = await find(owner, skillId);
          if (latest === null) throw skillNotFound(skillId);
          return toVersion(latest);
        }),
      ),

    async listVersions(owner, skillId, page) {
      const own = builtIn(skillId);
      if (own) return page.below === null ? [toBuiltInVersion(own)] : [];
      await find(owner, skillId);
      return (await listSkillVersions(storage, skillId, page)).map(toVersion);
    },

    async deleteVersion(by, skillId, version, { isLegacy }) {
      const deleted = await changeAudited(storage, "delete skill version", audited(by), async (queries, record) => {
        await lockOn(queries, by, skillId);
        const there = await findSkillVersionsOn(queries, skillId);
        const row = there.find((each) => isNamed(each, version));
        if (!row) throw versionNotFound(version);
        if (there.length === 1 && !isLegacy) {
          throw fail("invalid_request_error", {
            public: "Cannot delete the only version of a skill. Delete the skill instead.",
          });
        }
        await deleteSkillVersionOn(queries, row.id);
        await record({
          action: "skill_version.delete",
          target: { type: "skill_version", id: row.id },
          before: { workspace_id: by.workspaceId, skill_id: skillId, name: row.name },
          after: null,
        });
        return row;
      });
      await blobs.delete(skillBlobKey(deleted.id));
      return toVersion(deleted);
    },

    async *readArchive(owner, { skillId, id }) {
      const own = builtIn(skillId);
      if (own) return yield* writeZip(own.id, own.files);
      try {
        yield* blobs.get(skillBlobKey(id));
      } catch (error) {
        if (!isAbsentBlob(error)) throw error;
        // Deleted since it was looked up. Where it was not the bytes are lost, which is ours to explain.
        await findVersion(owner, skillId, id);
        throw fail("api_error", { public: "The server's file storage cannot be used.", cause: error });
      }
    },

    async removeAll(workspaceId) {
      for (;;) {
        const ids = await findSkillVersionsOf(storage, workspaceId, REMOVED_AT_ONCE);
        // The rows last: as long as they are there somebody knows of the blobs.
        for (const id of ids) await blobs.delete(skillBlobKey(id));
        await deleteSkillVersions(storage, ids);
        if (ids.length < REMOVED_AT_ONCE) break;
      }
      await deleteSkillsOf(storage, workspaceId);
    },

    blobOwner: { prefix: SKILL_BLOB_PREFIX, findNamed: (ids) => findStoredSkillVersions(storage, ids) },
  };
}

const isNamed = (row: SkillVersionRow, name: string): boolean => row.id === name || String(row.version) === name;

function toSkill({ skill, latest }: StoredSkill): SkillRecord {
  const { id, name, displayName, createdAt, updatedAt } = skill;
  const newest = latest === null ? null : { id: latest.id, version: String(latest.version) };
  return { id, source: "custom", name, displayName, latest: newest, createdAt, updatedAt };
}

function toVersion({ id, version, skillId, name, description, createdAt }: SkillVersionRow): SkillVersionRecord {
  return { id, version: String(version), skillId, name, description, createdAt };
}

function toBuiltInSkill({ id, displayName, version, createdAt }: BuiltInSkill): SkillRecord {
  const latest = { id: version, version };
  return { id, source: "anthropic", name: id, displayName, latest, createdAt, updatedAt: createdAt };
}

function toBuiltInVersion({ id, version, description, createdAt }: BuiltInSkill): SkillVersionRecord {
  return { id: version, version, skillId: id, name: id, description, createdAt };
}

function skillNotFound(id: string): Failure {
  return fail("not_found_error", { public: `Skill not found: ${id.slice(0, 100)}` });
}

function versionNotFound(version: string): Failure {
  return fail("not_found_error", { public: `Skill version not found: ${version.slice(0, 100)}` });
}
