import { createWriteStream } from "node:fs";
import { access, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { openBlobStore } from "../../blobs/index.ts";
import { exportWorkspace } from "../../retention/export-workspace.ts";
import { syncDirectory } from "../../platform/durable-file.ts";
import { findWorkspaceAnywhere } from "../../storage/workspaces.ts";
import { beginWorkspaceExport } from "../../tenancy/begin-workspace-export.ts";
import { deleteWorkspace } from "../../tenancy/delete-workspace.ts";
import { archiveWorkspace } from "../../tenancy/manage-workspaces.ts";
import { type CliContext, UserError } from "../cli-context.ts";
import { confirm } from "../confirm.ts";
import { withContent } from "../with-content.ts";
import { withTenancy } from "../with-tenancy.ts";

/** The file is there whole or not at all. */
export async function exportWorkspaceTo(id: string, to: string, context: CliContext): Promise<void> {
  const file = resolve(to);
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) throw new UserError(`${file} is there already.`);
  await withTenancy(context, async (deps, doer) => {
    const { organizationId } = await findKnown(deps, id);
    const workspace = await beginWorkspaceExport(deps, { ...doer, organizationId }, id);
    await using blobs = await openBlobStore(context.config.files, context.dataDir);
    const draft = `${file}.partial`;
    try {
      await pipeline(exportWorkspace({ ...deps, blobs }, workspace), createWriteStream(draft, { mode: 0o600, flush: true }));
      await rename(draft, file);
      await syncDirectory(dirname(file));
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  });
  context.say(`Workspace ${id} is in ${file}.`);
  context.emit({ workspace_id: id, file });
}

/** Archives it first. Where an earlier try was cut off, this goes on. */
export async function removeWorkspace(id: string, options: { readonly yes?: boolean }, context: CliContext): Promise<void> {
  await confirm(`Delete workspace ${id} with its keys, files and batches for good?`, options, context);
  await withTenancy(context, async (deps, doer) => {
    const { organizationId, deletedAt } = await findKnown(deps, id);
    const act = { ...doer, organizationId };
    if (!deletedAt) await archiveWorkspace(deps, act, id);
    await deleteWorkspace(deps, act, id);
    await withContent(context, deps, (retention) => retention.empty(id));
  });
  context.say(`Workspace ${id} and all its content are deleted. The ledger and the audit log keep what they have of it.`);
  context.emit({ id, type: "workspace_deleted" });
}

async function findKnown({ storage }: Parameters<typeof deleteWorkspace>[0], id: string) {
  const workspace = await findWorkspaceAnywhere(storage, id);
  if (!workspace) throw new UserError(`There is no workspace ${id}.`);
  return workspace;
}
