import { AccountForm } from "./account-form.tsx";
import { BrokenLink } from "./broken-link.tsx";
import { EntryPage } from "./entry-page.tsx";
import { text } from "./text.ts";
import { useEntry } from "./use-entry.ts";
import { useLinkSecret } from "./use-link-secret.ts";

export function InvitePage() {
  const secret = useLinkSecret();
  const entry = useEntry("/console/api/invite");
  if (secret === null) return <BrokenLink />;
  return (
    <EntryPage title={text.inviteTitle} about={text.inviteAbout}>
      <AccountForm
        action={text.join}
        isBusy={entry.isPending}
        error={entry.error}
        onSubmit={(account) => entry.mutate({ secret, ...account })}
      />
    </EntryPage>
  );
}
