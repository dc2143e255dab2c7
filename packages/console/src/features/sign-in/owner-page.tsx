import { type SubmitEvent, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { TextField } from "../../ui/field.tsx";
import { BrokenLink } from "./broken-link.tsx";
import { EntryPage } from "./entry-page.tsx";
import { isLongEnough, NewPasswordField } from "./new-password-field.tsx";
import { text } from "./text.ts";
import { useEntry } from "./use-entry.ts";
import { useLinkSecret } from "./use-link-secret.ts";

export function OwnerPage() {
  const secret = useLinkSecret();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const entry = useEntry("/console/api/owner");
  if (secret === null) return <BrokenLink />;

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    if (secret !== null) entry.mutate({ secret, name, email, password });
  }

  return (
    <EntryPage title={text.ownerTitle} about={text.ownerAbout}>
      <form className="panel grid gap-4 p-5" onSubmit={submit}>
        <TextField
          label={text.name}
          autoComplete="name"
          required
          autoFocus
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <TextField
          label={text.email}
          type="email"
          autoComplete="username"
          required
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <NewPasswordField label={text.newPassword} value={password} onChange={setPassword} />
        {entry.error && <ErrorNote error={entry.error} />}
        <Button kind="primary" size="large" type="submit" isBusy={entry.isPending} disabled={!isLongEnough(password)}>
          {text.createAccount}
        </Button>
      </form>
    </EntryPage>
  );
}
