import { type SubmitEvent, useState } from "react";
import { ApiError } from "../../api/api-error.ts";
import { Button } from "../../ui/button.tsx";
import { CodeField } from "../../ui/code-field.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { BrokenLink } from "./broken-link.tsx";
import { EntryPage } from "./entry-page.tsx";
import { isLongEnough, NewPasswordField } from "./new-password-field.tsx";
import { text } from "./text.ts";
import { useEntry } from "./use-entry.ts";
import { useLinkSecret } from "./use-link-secret.ts";

/** For who has lost the password: an administrator made the link. */
export function PasswordPage() {
  const secret = useLinkSecret();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const entry = useEntry("/console/api/password-link");
  const needsCode = entry.error instanceof ApiError && entry.error.code === "second_factor_required";
  const [isAskingForCode, setAskingForCode] = useState(false);
  if (secret === null) return <BrokenLink />;

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    if (secret === null) return;
    entry.mutate(
      { secret, password, ...(isAskingForCode ? { code } : {}) },
      {
        onError: (error) => {
          if (error instanceof ApiError && error.code === "second_factor_required") setAskingForCode(true);
        },
      },
    );
  }

  return (
    <EntryPage title={text.passwordTitle} about={text.passwordAbout}>
      <form className="panel grid gap-4 p-5" onSubmit={submit}>
        <NewPasswordField label={text.newPassword} value={password} onChange={setPassword} />
        {isAskingForCode && <CodeField autoFocus value={code} onChange={setCode} />}
        {entry.error && !needsCode && <ErrorNote error={entry.error} />}
        <Button kind="primary" size="large" type="submit" isBusy={entry.isPending} disabled={!isLongEnough(password)}>
          {text.setPassword}
        </Button>
      </form>
    </EntryPage>
  );
}
