import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { findStoredSkillVersions } from "../storage/skills.ts";
import type { FileOwner } from "../files/create-files.ts";
import type { Storage } from "../storage/storage.ts";
import type { BuiltInSkill } from "./built-in-skill.ts";
import type { Skills } from "./create-skills.ts";
import { readZip } from "./read-zip.ts";
import type { SkillVersionRecord } from "./skill-records.ts";

/** The files of skills on this machine, for programs to read. */
export interface SkillFolders {
  /** Throws `not_found_error` for a version that was deleted meanwhile. */
  folderOf(owner: FileOwner, version: Pick<SkillVersionRecord, "id" | "skillId">): Promise<string>;
  /** Removes the files of versions that are no more. */
  sweep(): Promise<void>;
}

export interface SkillFoldersDeps {
  readonly storage: Storage;
  readonly skills: Pick<Skills, "readArchive">;
  readonly builtIns: readonly BuiltInSkill[];
  /** Of all unpacked skills; this process makes it. */
  readonly folder: string;
}

/** Unpacks a version once. A version never changes, so that what is there is right. */
export function createSkillFolders({ storage, skills, builtIns, folder }: SkillFoldersDeps): SkillFolders {
  const unpacking = new Map<string, Promise<string>>();

  async function unpack(owner: FileOwner, version: Pick<SkillVersionRecord, "id" | "skillId">): Promise<string> {
    const whole = join(folder, version.id);
    if ((await stat(whole).catch(() => null)) !== null) return whole;
    const files = await readZip(await buffer(skills.readArchive(owner, version)));
    const part = join(folder, `${randomUUID()}.part`);
    for (const { path, content, isExecutable } of files) {
      // Without the folder that is named like the skill.
      const target = join(part, path.slice(path.indexOf("/") + 1));
      await mkdir(dirname(target), { recursive: true, mode: 0o755 });
      await writeFile(target, content, { mode: isExecutable ? 0o755 : 0o644 });
    }
    try {
      await rename(part, whole);
    } catch (error) {
      await rm(part, { recursive: true, force: true });
      // Another process on this folder was there first.
      if ((await stat(whole).catch(() => null)) === null) throw error;
    }
    return whole;
  }

  return {
    folderOf(owner, version) {
      const own = builtIns.find(({ id }) => id === version.skillId);
      if (own) return Promise.resolve(own.folder);
      const running = unpacking.get(version.id);
      if (running) return running;
      const begun = unpack(owner, version).finally(() => unpacking.delete(version.id));
      unpacking.set(version.id, begun);
      return begun;
    },

    async sweep() {
      const names = await readdir(folder).catch(() => []);
      const ids = names.filter((name) => !name.endsWith(".part") && !unpacking.has(name));
      if (ids.length === 0) return;
      const there = await findStoredSkillVersions(storage, ids);
      for (const id of ids) if (!there.has(id)) await rm(join(folder, id), { recursive: true, force: true });
    },
  };
}
