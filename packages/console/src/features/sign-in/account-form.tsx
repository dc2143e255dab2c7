import { type ReactNode, type SubmitEvent, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { TextField } from "../../ui/field.tsx";
import { isLongEnough, NewPasswordField } from "./new-password-field.tsx";
import { text } from "./text.ts";

/** The account that somebody makes who came by a link: a name and a password, with `children` between them. */
export function AccountForm({
  action,
  isBusy,
  error,
  onSubmit,
  children,
}: {
  readonly action: string;
  readonly isBusy: boolean;
  readonly error: unknown;
  readonly onSubmit: (account: { readonly name: string; readonly password: string }) => void;
  readonly children?: ReactNode;
}) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    onSubmit({ name, password });
  }

  return (
    <form className="panel grid gap-4 p-5" onSubmit={submit}>
      <TextField
        label={text.name}
        autoComplete="name"
        required
        autoFocus
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      {children}
      <NewPasswordField label={text.newPassword} value={password} onChange={setPassword} />
      {error ? <ErrorNote error={error} /> : null}
      <Button kind="primary" size="large" type="submit" isBusy={isBusy} disabled={!isLongEnough(password)}>
        {action}
      </Button>
    </form>
  );
}
