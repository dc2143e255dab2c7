import type { ConsoleApiKeyCreated } from "@parley/wire";
import { SecretDialog } from "../../ui/secret-dialog.tsx";
import { text } from "./text.ts";

/** A key, this once. */
export function NewSecret({ created, onClose }: { readonly created: ConsoleApiKeyCreated; readonly onClose: () => void }) {
  return (
    <SecretDialog
      title={text.createdTitle}
      description={text.createdAbout}
      secret={created.secret}
      label={text.keyLabel}
      copyLabel={text.copyKey}
      doneLabel={text.done}
      onClose={onClose}
    />
  );
}
