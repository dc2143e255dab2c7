import { randomUUID } from "node:crypto";
import { fail } from "../platform/fail.ts";
import { newId } from "../platform/ids.ts";
import { archiveKeysOfWorkspaceOn } from "../storage/api-keys.ts";
import { changeAudited } from "../storage/audit-log.ts";
import type { Queries } from "../storage/storage.ts";
import {
  findWorkspaceOn,
  insertWorkspaceOn,
  updateWorkspaceOn,
  type WorkspaceChange,
  type WorkspaceRow,
} from "../storage/workspaces.ts";
import { difference } from "./difference.ts";
import { notFound } from "./not-found.ts";
import { toAuditedAct, type Act, type TenancyDeps } from "./tenancy-deps.ts";

export interface WorkspaceSettings {
  readonly name: string;
  readonly displayColor: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Null: unrestricted. */
  readonly allowedInferenceGeos: readonly ("global" | "us")[] | null;
  readonly defaultInferenceGeo: "global" | "us";
}

/** Left out: as it is. A tag that is null is removed. */
export interface WorkspaceUpdate extends Partial<Omit<WorkspaceSettings, "tags" | "displayColor">> {
  readonly displayColor?: string;
  readonly tags?: Readonly<Record<string, string | null>>;
}

const COLORS = ["#6C5BB9", "#C2410C", "#0F766E", "#1D4ED8", "#BE185D", "#4D7C0F", "#B45309", "#7C3AED"];
const TAGS_MAX = 50;

/** A workspace's row; no I/O. */
export function newWorkspace(
  organizationId: string,
  settings: WorkspaceSettings,
  isDefault: boolean,
  nowMs: number,
): WorkspaceRow {
  const id = newId("wrkspc");
  return {
    ...settings,
    id,
    organizationId,
    isDefault,
    displayColor: settings.displayColor ?? COLORS[id.charCodeAt(id.length - 1) % COLORS.length] ?? "#6C5BB9",
    compartmentId: randomUUID(),
    createdAt: new Date(nowMs),
    archivedAt: null,
    deletedAt: null,
  };
}

export function createWorkspace(deps: TenancyDeps, act: Act, settings: WorkspaceSettings): Promise<WorkspaceRow> {
  checkTags(settings.tags);
  checkGeos(settings);
  return changeAudited(deps.storage, "create workspace", toAuditedAct(deps, act), async (queries, record) => {
    const workspace = newWorkspace(act.organizationId, settings, false, deps.clock.nowMs());
    await insertWorkspaceOn(queries, workspace);
    const target = { type: "workspace", id: workspace.id };
    await record({ action: "workspace.create", target, before: null, after: describe(workspace) });
    return workspace;
  });
}

export function updateWorkspace(
  deps: TenancyDeps,
  act: Act,
  workspaceId: string,
  update: WorkspaceUpdate,
): Promise<WorkspaceRow> {
  return changeAudited(deps.storage, "update workspace", toAuditedAct(deps, act), async (queries, record) => {
    const workspace = await findOpenWorkspace(queries, act, workspaceId);
    const { tags, ...rest } = update;
    const change: WorkspaceChange = { ...rest, ...(tags ? { tags: mergeTags(workspace.tags, tags) } : {}) };
    const changed = { ...workspace, ...change };
    checkTags(changed.tags);
    checkGeos(changed);
    const [before, after] = difference(describe(workspace), describe(changed));
    if (Object.keys(after).length === 0) return workspace;
    await updateWorkspaceOn(queries, workspace.id, change);
    await record({ action: "workspace.update", target: { type: "workspace", id: workspace.id }, before, after });
    return changed;
  });
}

/** Archives a workspace and its keys for good. Archiving twice is fine. */
export async function archiveWorkspace(deps: TenancyDeps, act: Act, workspaceId: string): Promise<WorkspaceRow> {
  const done = await changeAudited(deps.storage, "archive workspace", toAuditedAct(deps, act), async (queries, record) => {
    const workspace = await findWorkspaceOn(queries, act.organizationId, workspaceId);
    if (!workspace) throw notFound("Workspace", workspaceId);
    if (workspace.archivedAt) return { workspace, keyIds: [] };
    if (workspace.isDefault) throw fail("invalid_request_error", { public: "The default workspace cannot be archived." });
    const archivedAt = new Date(deps.clock.nowMs());
    await updateWorkspaceOn(queries, workspace.id, { archivedAt });
    const keyIds = await archiveKeysOfWorkspaceOn(queries, workspace.id);
    await record({
      action: "workspace.archive",
      target: { type: "workspace", id: workspace.id },
      before: { archived_at: null },
      after: { archived_at: archivedAt.toISOString(), archived_api_keys: keyIds },
    });
    return { workspace: { ...workspace, archivedAt }, keyIds };
  });
  for (const id of done.keyIds) deps.authenticator?.forget(id);
  return done.workspace;
}

/** Throws `not_found_error` for what is not there, and `invalid_request_error` for what is archived. */
export async function findOpenWorkspace(queries: Queries, { organizationId }: Act, workspaceId: string): Promise<WorkspaceRow> {
  const workspace = await findWorkspaceOn(queries, organizationId, workspaceId);
  if (!workspace) throw notFound("Workspace", workspaceId);
  if (workspace.archivedAt) throw fail("invalid_request_error", { public: "An archived workspace cannot be changed." });
  return workspace;
}

function mergeTags(
  tags: Readonly<Record<string, string>>,
  update: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const merged = new Map<string, string | null>([...Object.entries(tags), ...Object.entries(update)]);
  return Object.fromEntries([...merged].filter((entry): entry is [string, string] => entry[1] !== null));
}

function checkTags(tags: Readonly<Record<string, string>>): void {
  const keys = Object.keys(tags);
  if (keys.length > TAGS_MAX) {
    throw fail("invalid_request_error", { public: `tags: A workspace may have ${TAGS_MAX} tags at most` });
  }
  for (const key of keys) {
    if (!/^[^\p{Cc}\p{Cs}]{1,128}$/u.test(key)) {
      throw fail("invalid_request_error", {
        public: "tags: A key must have 1 to 128 characters, none of them a control character",
      });
    }
    if (key.toLowerCase().startsWith("anthropic")) {
      throw fail("invalid_request_error", { public: `tags.${key}: Keys may not begin with 'anthropic'` });
    }
  }
}

function checkGeos({
  allowedInferenceGeos,
  defaultInferenceGeo,
}: Pick<WorkspaceSettings, "allowedInferenceGeos" | "defaultInferenceGeo">) {
  if (allowedInferenceGeos === null || allowedInferenceGeos.includes(defaultInferenceGeo)) return;
  throw fail("invalid_request_error", {
    public: "data_residency.default_inference_geo: Value must be a member of `allowed_inference_geos`",
  });
}

function describe({
  name,
  displayColor,
  tags,
  allowedInferenceGeos,
  defaultInferenceGeo,
}: WorkspaceRow): Record<string, unknown> {
  return {
    name,
    display_color: displayColor,
    tags,
    allowed_inference_geos: allowedInferenceGeos ?? "unrestricted",
    default_inference_geo: defaultInferenceGeo,
  };
}
