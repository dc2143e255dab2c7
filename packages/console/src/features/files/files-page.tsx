import type { FileMetadata } from "@parley/wire";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Download, Ellipsis, Files as FilesIcon, Info, Trash2, Upload } from "lucide-react";
import { useRef, useState } from "react";
import { deleteFile, FILES, filesQuery, readFile, uploadFile } from "../../api/files.ts";
import { ChangeDialog } from "../../app/change-dialog.tsx";
import { useWorkspaceChoice } from "../../app/use-workspace-choice.tsx";
import { formatBytes, formatDateTime, formatRelative } from "../../format/format.ts";
import { Button } from "../../ui/button.tsx";
import { classNames } from "../../ui/class-names.ts";
import { download } from "../../ui/download.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { LoadMore } from "../../ui/load-more.tsx";
import { Menu } from "../../ui/menu.tsx";
import { Page } from "../../ui/page.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { useToast } from "../../ui/toasts.tsx";
import { FileDialog } from "./file-dialog.tsx";
import { text } from "./text.ts";
import { useFileDrop } from "./use-file-drop.ts";

type Open = { readonly dialog: "details" | "remove"; readonly file: FileMetadata } | null;

export function FilesPage() {
  const { workspaceId, field } = useWorkspaceChoice();
  const files = useInfiniteQuery(filesQuery(workspaceId));
  const queryClient = useQueryClient();
  const toast = useToast();
  const input = useRef<HTMLInputElement>(null);
  const [open, setOpen] = useState<Open>(null);
  const rows = files.data?.pages.flatMap((page) => page.data) ?? [];
  const upload = useMutation({
    mutationFn: async (chosen: readonly File[]) => {
      for (const file of chosen) {
        const { filename } = await uploadFile(file, workspaceId);
        toast(text.uploaded(filename));
      }
    },
    // Also when one of them failed: those before it are there.
    onSettled: () => queryClient.invalidateQueries({ queryKey: FILES }),
  });
  const isOver = useFileDrop(upload.mutate);
  const content = useMutation({
    mutationFn: async ({ id, filename }: FileMetadata) => download(filename, await readFile(id, workspaceId)),
  });
  const uploadButton = (
    <Button kind="primary" isBusy={upload.isPending} onClick={() => input.current?.click()}>
      <Upload size={15} aria-hidden />
      {text.upload}
    </Button>
  );
  const failed = upload.error ?? content.error;
  return (
    <Page title={text.title} about={text.about} actions={uploadButton}>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={text.chooseFiles}
        onChange={(event) => {
          upload.mutate([...(event.target.files ?? [])]);
          // The same file may be chosen again.
          event.target.value = "";
        }}
      />
      {field && <div className="mb-3 flex flex-wrap gap-2">{field}</div>}
      <div className="grid gap-3">
        {files.error && <ErrorNote error={files.error} onRetry={() => void files.refetch()} />}
        {failed && <ErrorNote error={failed} />}
        <div className={classNames("panel overflow-hidden", isOver && "outline-2 outline-offset-2 outline-accent")}>
          {files.isPending && <SkeletonRows rows={4} />}
          {files.data && rows.length === 0 && (
            <EmptyState icon={FilesIcon} title={text.emptyTitle} action={uploadButton}>
              {text.empty} {text.drop}.
            </EmptyState>
          )}
          {rows.length > 0 && (
            <Table
              label={text.list}
              columns={toColumns(setOpen, (file) => content.mutate(file))}
              rows={rows}
              keyOf={({ id }) => id}
            />
          )}
        </div>
      </div>
      <LoadMore list={files} />
      {open?.dialog === "details" && <FileDialog file={open.file} onClose={() => setOpen(null)} />}
      {open?.dialog === "remove" && (
        <ChangeDialog
          topic={FILES}
          run={() => deleteFile(open.file.id, workspaceId)}
          said={text.removed}
          ahead={{ id: open.file.id, fields: null }}
          title={text.removeTitle(open.file.filename)}
          action={text.remove}
          onClose={() => setOpen(null)}
        >
          {text.removeAbout}
        </ChangeDialog>
      )}
    </Page>
  );
}

function toColumns(setOpen: (open: Open) => void, readContent: (file: FileMetadata) => void): readonly Column<FileMetadata>[] {
  return [
    {
      name: text.name,
      cell: (file) => (
        <button type="button" className="text-start" onClick={() => setOpen({ dialog: "details", file })}>
          <span className="font-medium break-all hover:underline">{file.filename}</span>
          <code className="block font-mono text-[0.86rem] break-all text-muted">{file.id}</code>
        </button>
      ),
    },
    { name: text.type, isSecondary: true, cell: (file) => <span className="text-muted">{file.mime_type}</span> },
    {
      name: text.size,
      isNumber: true,
      cell: (file) => <span className="whitespace-nowrap">{formatBytes(file.size_bytes)}</span>,
    },
    {
      name: text.created,
      isSecondary: true,
      cell: (file) => <time title={formatDateTime(file.created_at)}>{formatRelative(file.created_at)}</time>,
    },
    {
      name: text.more,
      isNameHidden: true,
      isNumber: true,
      cell: (file) => (
        <Menu
          trigger={<IconButton icon={Ellipsis} label={text.moreOf(file.filename)} />}
          groups={[
            {
              actions: [
                { label: text.details, icon: Info, run: () => setOpen({ dialog: "details", file }) },
                ...(file.downloadable ? [{ label: text.download, icon: Download, run: () => readContent(file) }] : []),
              ],
            },
            {
              actions: [{ label: text.remove, icon: Trash2, isDangerous: true, run: () => setOpen({ dialog: "remove", file }) }],
            },
          ]}
        />
      ),
    },
  ];
}
