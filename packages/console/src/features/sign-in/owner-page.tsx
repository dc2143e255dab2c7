import { useState } from "react";
import { TextField } from "../../ui/field.tsx";
import { AccountForm } from "./account-form.tsx";
import { BrokenLink } from "./broken-link.tsx";
import { EntryPage } from "./entry-page.tsx";
import { text } from "./text.ts";
import { useEntry } from "./use-entry.ts";
import { useLinkSecret } from "./use-link-secret.ts";

export function OwnerPage() {
  const secret = useLinkSecret();
  const [email, setEmail] = useState("");
  const entry = useEntry("/console/api/owner");
  if (secret === null) return <BrokenLink />;
  return (
    <EntryPage title={text.ownerTitle} about={text.ownerAbout}>
      <AccountForm
        action={text.createAccount}
        isBusy={entry.isPending}
        error={entry.error}
        onSubmit={(account) => entry.mutate({ secret, email, ...account })}
      >
        <TextField
          label={text.email}
          type="email"
          autoComplete="username"
          required
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
      </AccountForm>
    </EntryPage>
  );
}
