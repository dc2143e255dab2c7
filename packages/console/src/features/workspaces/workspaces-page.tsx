import type { Workspace } from "@parley/wire";
import { useQuery } from "@tanstack/react-query";
import { Archive, Ellipsis, Pencil, Plus } from "lucide-react";
import { useState } from "react";
import { archiveWorkspace, WORKSPACES, workspacesQuery } from "../../api/workspaces.ts";
import { ChangeDialog } from "../../app/change-dialog.tsx";
import { formatDate } from "../../format/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Menu } from "../../ui/menu.tsx";
import { Page } from "../../ui/page.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { text } from "./text.ts";
import { CreateWorkspaceDialog, RenameWorkspaceDialog } from "./workspace-dialog.tsx";

type Open = { readonly dialog: "create" } | { readonly dialog: "rename" | "archive"; readonly workspace: Workspace } | null;

export function WorkspacesPage() {
  const workspaces = useQuery(workspacesQuery);
  const [open, setOpen] = useState<Open>(null);
  const rows = workspaces.data ?? [];
  // Newest first: the default one was there before all others.
  const defaultId = rows.at(-1)?.id;
  return (
    <Page
      title={text.title}
      about={text.about}
      actions={
        <Button kind="primary" onClick={() => setOpen({ dialog: "create" })}>
          <Plus size={15} aria-hidden />
          {text.create}
        </Button>
      }
    >
      {workspaces.error && <ErrorNote error={workspaces.error} onRetry={() => void workspaces.refetch()} />}
      <div className="panel overflow-hidden">
        {workspaces.isPending && <SkeletonRows rows={2} />}
        {rows.length > 0 && (
          <Table label={text.list} columns={columnsOf(defaultId, setOpen)} rows={rows} keyOf={({ id }) => id} />
        )}
      </div>
      {open?.dialog === "create" && <CreateWorkspaceDialog onClose={() => setOpen(null)} />}
      {open?.dialog === "rename" && <RenameWorkspaceDialog workspace={open.workspace} onClose={() => setOpen(null)} />}
      {open?.dialog === "archive" && (
        <ChangeDialog
          topic={WORKSPACES}
          run={() => archiveWorkspace(open.workspace.id)}
          said={text.archived}
          title={text.archiveTitle(open.workspace.name)}
          action={text.archive}
          onClose={() => setOpen(null)}
        >
          {text.archiveAbout}
        </ChangeDialog>
      )}
    </Page>
  );
}

function columnsOf(defaultId: string | undefined, setOpen: (open: Open) => void): readonly Column<Workspace>[] {
  return [
    {
      name: text.name,
      cell: ({ id, name, display_color: color }) => (
        <span className="flex items-center gap-2.5 font-medium">
          <span aria-hidden className="size-2.5 shrink-0 rounded-full" style={{ background: color }} />
          {name}
          {id === defaultId && <Badge>{text.default}</Badge>}
        </span>
      ),
    },
    {
      name: text.id,
      isSecondary: true,
      cell: ({ id }) => (
        <span className="flex items-center gap-1">
          <code className="font-mono text-[0.89rem] text-muted">{id}</code>
          <CopyButton value={id} />
        </span>
      ),
    },
    { name: text.created, isSecondary: true, cell: (workspace) => formatDate(workspace.created_at) },
    {
      name: text.actions,
      isNameHidden: true,
      isNumber: true,
      cell: (workspace) =>
        workspace.id === defaultId ? null : (
          <Menu
            trigger={<IconButton icon={Ellipsis} label={text.actionsOf(workspace.name)} />}
            groups={[
              { actions: [{ label: text.rename, icon: Pencil, run: () => setOpen({ dialog: "rename", workspace }) }] },
              {
                actions: [
                  { label: text.archive, icon: Archive, isDangerous: true, run: () => setOpen({ dialog: "archive", workspace }) },
                ],
              },
            ]}
          />
        ),
    },
  ];
}
