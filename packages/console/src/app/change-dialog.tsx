import type { QueryKey } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import type { RowEdit } from "./edit-row.ts";
import { useRowChange } from "./use-row-change.ts";

/** Asks, then changes a row. With `ahead` it closes at once; without it stays until the server has done it, or says why not. */
export function ChangeDialog<Row>({
  topic,
  run,
  said,
  ahead = null,
  title,
  action,
  onDone,
  onClose,
  children,
}: {
  readonly topic: QueryKey;
  readonly run: () => Promise<unknown>;
  readonly said: string;
  readonly ahead?: RowEdit<Row> | null;
  readonly title: string;
  readonly action: string;
  readonly onDone?: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const change = useRowChange<Row, void>({ topic, run, said: () => said, ahead: ahead && (() => ahead), onDone });

  function confirm(): void {
    if (ahead === null) {
      change.mutate(undefined, { onSuccess: onClose });
    } else {
      change.mutate();
      onClose();
    }
  }

  return (
    <ConfirmDialog
      onClose={onClose}
      onConfirm={confirm}
      title={title}
      action={action}
      isBusy={change.isPending}
      error={change.error}
    >
      {children}
    </ConfirmDialog>
  );
}
