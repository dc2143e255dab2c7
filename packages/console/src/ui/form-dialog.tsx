import { type ReactNode, type SubmitEvent, useId } from "react";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { ErrorNote } from "./error-note.tsx";
import { text } from "./text.ts";

/** A dialog that is one form: its fields, what went wrong, Cancel, and the button that sends it. */
export function FormDialog({
  title,
  description,
  action,
  isBusy = false,
  isBlocked = false,
  error = null,
  isWide = false,
  onClose,
  onSubmit,
  children,
}: {
  readonly title: string;
  readonly description?: ReactNode;
  /** What the sending button says. */
  readonly action: string;
  readonly isBusy?: boolean;
  /** There is nothing to send yet. */
  readonly isBlocked?: boolean;
  readonly error?: unknown;
  readonly isWide?: boolean;
  readonly onClose: () => void;
  readonly onSubmit: () => void;
  readonly children: ReactNode;
}) {
  const id = useId();

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    // A dialog may stand inside a form of the page: React's events go up to it.
    event.stopPropagation();
    onSubmit();
  }

  return (
    <Dialog
      isOpen
      isWide={isWide}
      onClose={onClose}
      title={title}
      description={description}
      actions={
        <>
          <Button onClick={onClose}>{text.cancel}</Button>
          <Button kind="primary" type="submit" form={id} isBusy={isBusy} disabled={isBlocked}>
            {action}
          </Button>
        </>
      }
    >
      <form id={id} className="grid gap-4" onSubmit={submit}>
        {children}
        {error ? <ErrorNote error={error} /> : null}
      </form>
    </Dialog>
  );
}
