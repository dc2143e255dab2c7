import type { Skill } from "@parley/wire";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Download, Ellipsis, Info, Puzzle, Trash2, Upload } from "lucide-react";
import { type ReactNode, useState } from "react";
import { deleteSkill, readSkillArchive, type SkillSource, SKILLS, skillsQuery } from "../../api/skills.ts";
import { ChangeDialog } from "../../app/change-dialog.tsx";
import { useWorkspaceChoice } from "../../app/use-workspace-choice.tsx";
import { formatDateTime, formatRelative } from "../../format/format.ts";
import { Button } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { download } from "../../ui/download.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { LoadMore } from "../../ui/load-more.tsx";
import { Menu } from "../../ui/menu.tsx";
import { Page } from "../../ui/page.tsx";
import { Section } from "../../ui/section.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { SkillDialog } from "./skill-dialog.tsx";
import { text } from "./text.ts";
import { UploadSkillDialog } from "./upload-skill-dialog.tsx";

const EXAMPLE = `our-style/SKILL.md

---
name: our-style
description: Writes reports in our house style. Use it for every report.
---

# How to write a report
…`;

type Open = { readonly dialog: "upload" } | { readonly dialog: "details" | "version" | "remove"; readonly skill: Skill } | null;
type OnDownload = (skill: Skill, version: string) => void;

export function SkillsPage() {
  const { workspaceId, field } = useWorkspaceChoice();
  const [open, setOpen] = useState<Open>(null);
  const archive = useMutation({
    mutationFn: async ({ skill, version }: { readonly skill: Skill; readonly version: string }) =>
      download(`${skill.display_name}.zip`, await readSkillArchive(skill.id, version, workspaceId)),
  });
  const onDownload: OnDownload = (skill, version) => archive.mutate({ skill, version });
  const uploadButton = (
    <Button kind="primary" onClick={() => setOpen({ dialog: "upload" })}>
      <Upload size={15} aria-hidden />
      {text.upload}
    </Button>
  );
  const list = { workspaceId, setOpen, onDownload };
  return (
    <Page title={text.title} about={text.about} actions={uploadButton}>
      {field && <div className="mb-3 flex flex-wrap gap-2">{field}</div>}
      <div className="grid grid-cols-1 gap-9">
        {archive.error && <ErrorNote error={archive.error} />}
        <Section title={text.own} about={text.ownAbout}>
          <SkillList source="custom" label={text.own} {...list}>
            <EmptyState
              icon={Puzzle}
              title={text.emptyTitle}
              action={<CodeBlock label={text.example} code={EXAMPLE} className="w-full max-w-xl text-start" />}
            >
              {text.empty}
            </EmptyState>
          </SkillList>
        </Section>
        <Section title={text.builtIn} about={text.builtInAbout}>
          <SkillList source="anthropic" label={text.builtIn} {...list} />
        </Section>
      </div>
      {open?.dialog === "upload" && <UploadSkillDialog skill={null} workspaceId={workspaceId} onClose={() => setOpen(null)} />}
      {open?.dialog === "version" && (
        <UploadSkillDialog skill={open.skill} workspaceId={workspaceId} onClose={() => setOpen(null)} />
      )}
      {open?.dialog === "details" && (
        <SkillDialog
          skill={open.skill}
          workspaceId={workspaceId}
          onDownload={(version) => onDownload(open.skill, version)}
          onClose={() => setOpen(null)}
        />
      )}
      {open?.dialog === "remove" && (
        <ChangeDialog
          topic={SKILLS}
          run={() => deleteSkill(open.skill.id, workspaceId)}
          said={text.removed}
          ahead={{ id: open.skill.id, fields: null }}
          title={text.removeTitle(open.skill.display_name)}
          action={text.remove}
          onClose={() => setOpen(null)}
        >
          {text.removeAbout}
        </ChangeDialog>
      )}
    </Page>
  );
}

function SkillList({
  source,
  label,
  workspaceId,
  setOpen,
  onDownload,
  children,
}: {
  readonly source: SkillSource;
  readonly label: string;
  readonly workspaceId: string | null;
  readonly setOpen: (open: Open) => void;
  readonly onDownload: OnDownload;
  /** Where there is none. */
  readonly children?: ReactNode;
}) {
  const skills = useInfiniteQuery(skillsQuery(workspaceId, source));
  const rows = skills.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <>
      {skills.error && <ErrorNote error={skills.error} onRetry={() => void skills.refetch()} />}
      <div className="panel overflow-hidden">
        {skills.isPending && <SkeletonRows rows={2} />}
        {skills.data && rows.length === 0 && children}
        {rows.length > 0 && (
          <Table label={label} columns={toColumns(source, setOpen, onDownload)} rows={rows} keyOf={({ id }) => id} />
        )}
      </div>
      <LoadMore list={skills} />
    </>
  );
}

function toColumns(source: SkillSource, setOpen: (open: Open) => void, onDownload: OnDownload): readonly Column<Skill>[] {
  return [
    {
      name: text.name,
      cell: (skill) => (
        <button type="button" className="text-start" onClick={() => setOpen({ dialog: "details", skill })}>
          <span className="font-medium wrap-anywhere hover:underline">{skill.display_name}</span>
          <code className="block font-mono text-[0.86rem] break-all text-muted">{skill.id}</code>
        </button>
      ),
    },
    // What comes with Parley changes with Parley.
    ...(source === "custom"
      ? [
          {
            name: text.changed,
            isSecondary: true,
            cell: (skill: Skill) => <time title={formatDateTime(skill.updated_at)}>{formatRelative(skill.updated_at)}</time>,
          },
        ]
      : []),
    {
      name: text.more,
      isNameHidden: true,
      isNumber: true,
      cell: (skill) => <SkillMenu skill={skill} setOpen={setOpen} onDownload={onDownload} />,
    },
  ];
}

function SkillMenu({
  skill,
  setOpen,
  onDownload,
}: {
  readonly skill: Skill;
  readonly setOpen: (open: Open) => void;
  readonly onDownload: OnDownload;
}) {
  const isOwn = skill.source.type === "custom";
  return (
    <Menu
      trigger={<IconButton icon={Ellipsis} label={text.moreOf(skill.display_name)} />}
      groups={[
        {
          actions: [
            { label: text.details, icon: Info, run: () => setOpen({ dialog: "details", skill }) },
            { label: text.download, icon: Download, run: () => onDownload(skill, skill.latest_version_id) },
            ...(isOwn ? [{ label: text.newVersion, icon: Upload, run: () => setOpen({ dialog: "version", skill }) }] : []),
          ],
        },
        ...(isOwn
          ? [
              {
                actions: [
                  { label: text.remove, icon: Trash2, isDangerous: true, run: () => setOpen({ dialog: "remove", skill }) },
                ],
              },
            ]
          : []),
      ]}
    />
  );
}
