import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { createInvite, createInviteLink, MEMBERS, ROLES } from "../../api/members.ts";
import { useConfirmed } from "../../app/reauthentication.tsx";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { text as uiText } from "../../ui/text.ts";
import { text as accountText } from "../account/text.ts";
import { text } from "./text.ts";

export interface Handover {
  readonly email: string;
  readonly link: string;
}

export function InviteDialog({
  onClose,
  onLink,
}: {
  readonly onClose: () => void;
  readonly onLink: (handover: Handover) => void;
}) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<string>("developer");
  const queryClient = useQueryClient();
  const confirmed = useConfirmed();
  const invite = useMutation({
    mutationFn: async () => {
      const created = await createInvite(email, role);
      return confirmed(() => createInviteLink(created.id));
    },
    onSuccess: ({ link }) => onLink({ email, link }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: MEMBERS }),
  });

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    invite.mutate();
  }

  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={text.inviteTitle}
      description={text.inviteAbout}
      actions={
        <>
          <Button onClick={onClose}>{uiText.cancel}</Button>
          <Button kind="primary" type="submit" form="invite" isBusy={invite.isPending}>
            {text.createInvite}
          </Button>
        </>
      }
    >
      <form id="invite" className="grid gap-4" onSubmit={submit}>
        <TextField
          label={text.email}
          type="email"
          required
          autoFocus
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <SelectField
          label={text.role}
          hint={text.roleHints[role]}
          choices={ROLES.map((value) => ({ value, label: accountText.roles[value] ?? value }))}
          value={role}
          onChange={(event) => setRole(event.target.value)}
        />
        {invite.error && <ErrorNote error={invite.error} />}
      </form>
    </Dialog>
  );
}

export function LinkDialog({ handover, onClose }: { readonly handover: Handover; readonly onClose: () => void }) {
  return (
    <Dialog
      isOpen
      isSticky
      onClose={onClose}
      title={text.linkTitle}
      description={text.linkAbout(handover.email)}
      actions={
        <>
          <Button onClick={onClose}>{text.done}</Button>
          <CopyButton value={handover.link} label={text.copyLink} hasText />
        </>
      }
    >
      <p
        aria-label={text.linkLabel}
        role="region"
        tabIndex={0}
        className="rounded-lg border border-line bg-sunken p-3 font-mono text-[0.93rem] break-all select-all"
      >
        {handover.link}
      </p>
    </Dialog>
  );
}
