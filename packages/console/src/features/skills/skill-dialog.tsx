import type { Skill, SkillVersion } from "@parley/wire";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Download, Trash2 } from "lucide-react";
import { useState } from "react";
import { deleteSkillVersion, SKILLS, skillVersionsQuery } from "../../api/skills.ts";
import { ChangeDialog } from "../../app/change-dialog.tsx";
import { formatDateTime } from "../../format/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { LoadMore } from "../../ui/load-more.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { text } from "./text.ts";

const useOf = ({ id, source }: Skill): string =>
  JSON.stringify(
    {
      tools: [{ type: "code_execution_20250825", name: "code_execution" }],
      container: { skills: [{ type: source.type, skill_id: id, version: "latest" }] },
    },
    null,
    2,
  );

/** What a skill is for, how a request names it, and its versions. */
export function SkillDialog({
  skill,
  workspaceId,
  onDownload,
  onClose,
}: {
  readonly skill: Skill;
  readonly workspaceId: string | null;
  readonly onDownload: (version: string) => void;
  readonly onClose: () => void;
}) {
  const versions = useInfiniteQuery(skillVersionsQuery(workspaceId, skill.id));
  const [leaving, setLeaving] = useState<SkillVersion | null>(null);
  const rows = versions.data?.pages.flatMap((page) => page.data) ?? [];
  const mayRemove = skill.source.type === "custom" && rows.length > 1;
  return (
    <Dialog isOpen isWide onClose={onClose} title={skill.display_name} description={rows[0]?.description}>
      <h3 className="mb-1 font-medium">{text.use}</h3>
      <CodeBlock label={text.use} code={useOf(skill)} />
      <h3 className="mt-4 mb-1 font-medium">{text.versions}</h3>
      {versions.error && <ErrorNote error={versions.error} onRetry={() => void versions.refetch()} />}
      {versions.isPending && <SkeletonRows rows={1} />}
      <ul className="max-h-72 divide-y divide-line overflow-y-auto">
        {rows.map((version, index) => (
          <li key={version.id} className="flex items-center gap-2 py-2">
            <div className="min-w-0 flex-1">
              <div className="flex flex-wrap items-center gap-2">
                <time dateTime={version.created_at}>{formatDateTime(version.created_at)}</time>
                {index === 0 && <Badge tone="good">{text.newest}</Badge>}
              </div>
              <code className="block font-mono text-[0.86rem] break-all text-muted">{version.id}</code>
            </div>
            <IconButton icon={Download} label={text.downloadOf(version.id)} onClick={() => onDownload(version.id)} />
            {mayRemove && (
              <IconButton icon={Trash2} label={text.removeVersionOf(version.id)} onClick={() => setLeaving(version)} />
            )}
          </li>
        ))}
      </ul>
      <LoadMore list={versions} />
      {leaving && (
        <ChangeDialog
          topic={SKILLS}
          run={() => deleteSkillVersion(leaving.skill_id, leaving.id, workspaceId)}
          said={text.versionRemoved}
          ahead={{ id: leaving.id, fields: null }}
          title={text.removeVersionTitle}
          action={text.remove}
          onClose={() => setLeaving(null)}
        >
          {text.removeVersionAbout}
        </ChangeDialog>
      )}
    </Dialog>
  );
}
