import { DeletedSkill, DeletedSkillVersion, Skill, SkillPage, SkillVersion, SkillVersionPage } from "@parley/wire";
import { infiniteQueryOptions } from "@tanstack/react-query";
import { call, send } from "./call.ts";

const PATH = "/v1/skills";
const PAGE_SIZE = 50;

export const SKILLS = ["skills"] as const;

/** A file of a skill, by its path below the skill's folder; or a zip archive of them all. */
export interface SkillFile {
  readonly path: string;
  readonly file: File;
}

/** Whose a skill is: the workspace's own, or one that comes with Parley. */
export type SkillSource = "custom" | "anthropic";

const pathOf = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;
const versionPath = (id: string, version: string): string => `${pathOf(id)}/versions/${encodeURIComponent(version)}`;

export const skillsQuery = (workspaceId: string | null, source: SkillSource) =>
  infiniteQueryOptions({
    queryKey: [...SKILLS, workspaceId, source],
    queryFn: ({ pageParam, signal }) =>
      call(SkillPage, PATH, { query: { limit: PAGE_SIZE, page: pageParam, source }, workspaceId, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_page,
  });

export const skillVersionsQuery = (workspaceId: string | null, id: string) =>
  infiniteQueryOptions({
    queryKey: [...SKILLS, workspaceId, "versions", id],
    queryFn: ({ pageParam, signal }) =>
      call(SkillVersionPage, `${pathOf(id)}/versions`, { query: { limit: PAGE_SIZE, page: pageParam }, workspaceId, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_page,
  });

export function createSkill(files: readonly SkillFile[], displayName: string, workspaceId: string | null): Promise<Skill> {
  const form = toForm(files);
  if (displayName !== "") form.set("display_name", displayName);
  return call(Skill, PATH, { method: "POST", form, workspaceId });
}

export const createSkillVersion = (id: string, files: readonly SkillFile[], workspaceId: string | null): Promise<SkillVersion> =>
  call(SkillVersion, `${pathOf(id)}/versions`, { method: "POST", form: toForm(files), workspaceId });

export const deleteSkill = (id: string, workspaceId: string | null) =>
  call(DeletedSkill, pathOf(id), { method: "DELETE", workspaceId });

export const deleteSkillVersion = (id: string, version: string, workspaceId: string | null) =>
  call(DeletedSkillVersion, versionPath(id, version), { method: "DELETE", workspaceId });

/** Its files as a zip archive. */
export const readSkillArchive = async (id: string, version: string, workspaceId: string | null): Promise<Blob> =>
  (await send(`${versionPath(id, version)}/content`, { workspaceId })).blob();

function toForm(files: readonly SkillFile[]): FormData {
  const form = new FormData();
  for (const { path, file } of files) form.append("files[]", file, path);
  return form;
}
