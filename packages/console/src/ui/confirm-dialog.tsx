import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { ErrorNote } from "./error-note.tsx";
import { text } from "./text.ts";

/** Asks before something that cannot be taken back. */
export function ConfirmDialog({
  onClose,
  onConfirm,
  title,
  action,
  isBusy,
  error,
  children,
}: {
  readonly onClose: () => void;
  readonly onConfirm: () => void;
  readonly title: string;
  readonly action: string;
  readonly isBusy: boolean;
  readonly error: unknown;
  readonly children: ReactNode;
}) {
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={title}
      description={children}
      actions={
        <>
          <Button onClick={onClose}>{text.cancel}</Button>
          <Button kind="danger" isBusy={isBusy} onClick={onConfirm}>
            {action}
          </Button>
        </>
      }
    >
      {error ? <ErrorNote error={error} /> : null}
    </Dialog>
  );
}
