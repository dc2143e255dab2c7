import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { createInvite, createInviteLink, MEMBERS, ROLES } from "../../api/members.ts";
import { useConfirmed } from "../../app/reauthentication.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { SecretDialog } from "../../ui/secret-dialog.tsx";
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

  return (
    <FormDialog
      title={text.inviteTitle}
      description={text.inviteAbout}
      action={text.createInvite}
      isBusy={invite.isPending}
      error={invite.error}
      onClose={onClose}
      onSubmit={() => invite.mutate()}
    >
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
    </FormDialog>
  );
}

export function LinkDialog({ handover, onClose }: { readonly handover: Handover; readonly onClose: () => void }) {
  return (
    <SecretDialog
      title={text.linkTitle}
      description={text.linkAbout(handover.email)}
      secret={handover.link}
      label={text.linkLabel}
      copyLabel={text.copyLink}
      doneLabel={text.done}
      onClose={onClose}
    />
  );
}
