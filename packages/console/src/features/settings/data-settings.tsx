import type { Workspace } from "@parley/wire";
import { useQuery } from "@tanstack/react-query";
import { Clock, Ellipsis, Globe } from "lucide-react";
import { useState } from "react";
import { dataRetentionQuery } from "../../api/settings.ts";
import { workspacesQuery } from "../../api/workspaces.ts";
import { formatWhole } from "../../format/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Menu } from "../../ui/menu.tsx";
import { Section } from "../../ui/section.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { ResidencyDialog } from "./residency-dialog.tsx";
import { RetentionDialog } from "./retention-dialog.tsx";
import { text } from "./text.ts";

type Open = { readonly dialog: "retention" | "residency"; readonly workspace: Workspace } | null;

/** How long each workspace's content is kept, and where it may be computed. */
export function DataSettings() {
  const { data: workspaces, error, refetch } = useQuery(workspacesQuery);
  const [open, setOpen] = useState<Open>(null);
  const columns: readonly Column<Workspace>[] = [
    { name: text.workspace, cell: ({ name }) => <span className="font-medium">{name}</span> },
    { name: text.kept, cell: ({ id }) => <Kept workspaceId={id} /> },
    { name: text.files, isSecondary: true, cell: ({ id }) => <FilesKept workspaceId={id} /> },
    {
      name: text.residency,
      isSecondary: true,
      cell: ({ data_residency: { allowed_inference_geos: allowed, default_inference_geo: geo } }) =>
        allowed !== "unrestricted" && allowed.length === 1 ? text.only(text.geos[geo] ?? geo) : text.geos[geo],
    },
    {
      name: text.more,
      isNameHidden: true,
      isNumber: true,
      cell: (workspace) => (
        <Menu
          trigger={<IconButton icon={Ellipsis} label={text.moreOf(workspace.name)} />}
          groups={[
            {
              actions: [
                { label: text.changeRetention, icon: Clock, run: () => setOpen({ dialog: "retention", workspace }) },
                { label: text.changeResidency, icon: Globe, run: () => setOpen({ dialog: "residency", workspace }) },
              ],
            },
          ]}
        />
      ),
    },
  ];
  return (
    <Section title={text.dataTitle} about={text.dataAbout}>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      <div className="panel overflow-hidden">
        {!workspaces && !error && <SkeletonRows rows={2} />}
        {workspaces && <Table label={text.dataTitle} columns={columns} rows={workspaces} keyOf={({ id }) => id} />}
      </div>
      {open?.dialog === "retention" && <RetentionDialog workspace={open.workspace} onClose={() => setOpen(null)} />}
      {open?.dialog === "residency" && <ResidencyDialog workspace={open.workspace} onClose={() => setOpen(null)} />}
    </Section>
  );
}

function Kept({ workspaceId }: { readonly workspaceId: string }) {
  const { data } = useQuery(dataRetentionQuery(workspaceId));
  if (!data) return null;
  return data.zero_data_retention ? <Badge tone="good">{text.nothing}</Badge> : text.days(formatWhole(data.retention_days));
}

function FilesKept({ workspaceId }: { readonly workspaceId: string }) {
  const { data } = useQuery(dataRetentionQuery(workspaceId));
  if (!data) return null;
  if (data.zero_data_retention) return text.nothing;
  return data.file_retention_days === null ? text.untilDeleted : text.days(formatWhole(data.file_retention_days));
}
