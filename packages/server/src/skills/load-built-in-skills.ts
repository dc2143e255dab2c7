import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { BuiltInSkill } from "./built-in-skill.ts";
import { readSkillMd } from "./read-skill-md.ts";

/** Beside `src` and `dist` alike. */
const FOLDER = fileURLToPath(new URL("../../skills/", import.meta.url));

/** Changes with their files: who pinned it is told that it is gone, not given another. */
const VERSION = "20261122";
const CREATED_AT = new Date("2026-11-22T00:00:00Z");

const DISPLAY_NAMES = { docx: "Word", pdf: "PDF", pptx: "PowerPoint", xlsx: "Excel" };

/** The skills that come with Parley. */
export async function loadBuiltInSkills(): Promise<BuiltInSkill[]> {
  return Promise.all(Object.entries(DISPLAY_NAMES).map(([id, displayName]) => load(id, displayName)));
}

async function load(id: string, displayName: string): Promise<BuiltInSkill> {
  const folder = join(FOLDER, id);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  // Python leaves its compiled files beside the scripts that tests run.
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".pyc"))
    .map(({ parentPath, name }) => join(parentPath, name));
  const files = await Promise.all(
    paths.toSorted().map(async (path) => ({
      path: relative(folder, path).split(sep).join("/"),
      content: await readFile(path),
      isExecutable: false,
    })),
  );
  const skillMd = files.find(({ path }) => path === "SKILL.md");
  if (!skillMd) throw new Error(`the built-in skill ${id} has no SKILL.md`);
  const { description } = readSkillMd(skillMd.content);
  return { id, displayName, description, version: VERSION, createdAt: CREATED_AT, files, folder };
}
