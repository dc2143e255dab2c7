import type { MessageBatch } from "@parley/wire";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Ban, Download, Ellipsis, Layers, Trash2 } from "lucide-react";
import { useState } from "react";
import { BATCHES, batchesQuery, cancelBatch, deleteBatch, readBatchResults } from "../../api/batches.ts";
import { ChangeDialog } from "../../app/change-dialog.tsx";
import { useWorkspaceChoice } from "../../app/use-workspace-choice.tsx";
import { formatDateTime, formatRelative } from "../../format/format.ts";
import { Badge, type BadgeTone } from "../../ui/badge.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { download } from "../../ui/download.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { LoadMore } from "../../ui/load-more.tsx";
import { Menu } from "../../ui/menu.tsx";
import { Page } from "../../ui/page.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { BatchProgress } from "./batch-progress.tsx";
import { text } from "./text.ts";

const TONES: Readonly<Record<MessageBatch["processing_status"], BadgeTone>> = {
  in_progress: "accent",
  canceling: "warn",
  ended: "neutral",
};

const EXAMPLE = (origin: string) => `curl ${origin}/v1/messages/batches \\
  -H "x-api-key: $ANTHROPIC_API_KEY" \\
  -H "anthropic-version: 2023-06-01" \\
  -H "content-type: application/json" \\
  -d '{"requests": [{"custom_id": "one", "params": {
    "model": "claude-haiku-4-5", "max_tokens": 64,
    "messages": [{"role": "user", "content": "Hi"}]}}]}'`;

type Open = { readonly dialog: "cancel" | "remove"; readonly batch: MessageBatch } | null;

export function BatchesPage() {
  const { workspaceId, field } = useWorkspaceChoice();
  const batches = useInfiniteQuery(batchesQuery(workspaceId));
  const results = useMutation({
    mutationFn: async ({ id }: MessageBatch) => download(`${id}.jsonl`, await readBatchResults(id, workspaceId)),
  });
  const [open, setOpen] = useState<Open>(null);
  const rows = batches.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Page title={text.title} about={text.about}>
      {field && <div className="mb-3 flex flex-wrap gap-2">{field}</div>}
      <div className="grid gap-3">
        {batches.error && <ErrorNote error={batches.error} onRetry={() => void batches.refetch()} />}
        {results.error && <ErrorNote error={results.error} />}
        <div className="panel overflow-hidden">
          {batches.isPending && <SkeletonRows rows={4} />}
          {batches.data && rows.length === 0 && (
            <EmptyState
              icon={Layers}
              title={text.emptyTitle}
              action={<CodeBlock label={text.example} code={EXAMPLE(window.location.origin)} className="w-full text-start" />}
            >
              {text.empty}
            </EmptyState>
          )}
          {rows.length > 0 && (
            <Table
              label={text.list}
              columns={toColumns(workspaceId, setOpen, (batch) => results.mutate(batch))}
              rows={rows}
              keyOf={({ id }) => id}
            />
          )}
        </div>
      </div>
      <LoadMore list={batches} />
      {open && <Ask open={open} workspaceId={workspaceId} onClose={() => setOpen(null)} />}
    </Page>
  );
}

function toColumns(
  workspaceId: string | null,
  setOpen: (open: Open) => void,
  readResults: (batch: MessageBatch) => void,
): readonly Column<MessageBatch>[] {
  return [
    {
      name: text.batch,
      cell: (batch) => (
        <div className="min-w-0">
          <code className="font-mono text-[0.89rem] break-all">{batch.id}</code>
          <time className="block text-[0.89rem] text-muted" title={formatDateTime(batch.created_at)}>
            {formatRelative(batch.created_at)}
          </time>
        </div>
      ),
    },
    {
      name: text.status,
      isSecondary: true,
      cell: ({ processing_status: status }) => <Badge tone={TONES[status]}>{text.statuses[status]}</Badge>,
    },
    { name: text.progress, cell: (batch) => <BatchProgress batch={batch} workspaceId={workspaceId} /> },
    {
      name: text.more,
      isNameHidden: true,
      isNumber: true,
      cell: (batch) => <BatchMenu batch={batch} setOpen={setOpen} readResults={readResults} />,
    },
  ];
}

function BatchMenu({
  batch,
  setOpen,
  readResults,
}: {
  readonly batch: MessageBatch;
  readonly setOpen: (open: Open) => void;
  readonly readResults: (batch: MessageBatch) => void;
}) {
  const hasEnded = batch.processing_status === "ended";
  const harmless = [
    ...(batch.results_url === null ? [] : [{ label: text.download, icon: Download, run: () => readResults(batch) }]),
    ...(batch.processing_status === "in_progress"
      ? [{ label: text.cancel, icon: Ban, run: () => setOpen({ dialog: "cancel", batch }) }]
      : []),
  ];
  const remove = { label: text.remove, icon: Trash2, isDangerous: true, run: () => setOpen({ dialog: "remove", batch }) };
  if (harmless.length === 0 && !hasEnded) return null;
  return (
    <Menu
      trigger={<IconButton icon={Ellipsis} label={text.moreOf(batch.id)} />}
      groups={[...(harmless.length > 0 ? [{ actions: harmless }] : []), ...(hasEnded ? [{ actions: [remove] }] : [])]}
    />
  );
}

function Ask({
  open: { dialog, batch },
  workspaceId,
  onClose,
}: {
  readonly open: NonNullable<Open>;
  readonly workspaceId: string | null;
  readonly onClose: () => void;
}) {
  return dialog === "cancel" ? (
    <ChangeDialog<MessageBatch>
      topic={BATCHES}
      run={() => cancelBatch(batch.id, workspaceId)}
      said={text.canceled}
      ahead={{ id: batch.id, fields: { processing_status: "canceling" } }}
      title={text.cancelTitle}
      action={text.cancel}
      onClose={onClose}
    >
      {text.cancelAbout}
    </ChangeDialog>
  ) : (
    <ChangeDialog
      topic={BATCHES}
      run={() => deleteBatch(batch.id, workspaceId)}
      said={text.removed}
      ahead={{ id: batch.id, fields: null }}
      title={text.removeTitle}
      action={text.remove}
      onClose={onClose}
    >
      {text.removeAbout}
    </ChangeDialog>
  );
}
