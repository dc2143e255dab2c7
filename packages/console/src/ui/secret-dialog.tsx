import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { CopyButton } from "./copy-button.tsx";
import { Dialog } from "./dialog.tsx";

/** Shows a secret this once: it lives in this dialog's memory and is gone with it. */
export function SecretDialog({
  title,
  description,
  secret,
  label,
  copyLabel,
  doneLabel,
  onClose,
}: {
  readonly title: string;
  readonly description: ReactNode;
  readonly secret: string;
  /** What the secret is, for those who cannot see it. */
  readonly label: string;
  readonly copyLabel: string;
  readonly doneLabel: string;
  readonly onClose: () => void;
}) {
  return (
    <Dialog
      isOpen
      isSticky
      onClose={onClose}
      title={title}
      description={description}
      actions={
        <>
          <Button onClick={onClose}>{doneLabel}</Button>
          <CopyButton value={secret} label={copyLabel} hasText />
        </>
      }
    >
      <p
        aria-label={label}
        role="region"
        tabIndex={0}
        className="rounded-lg border border-line bg-sunken p-3 font-mono text-[0.93rem] break-all select-all"
      >
        {secret}
      </p>
    </Dialog>
  );
}
