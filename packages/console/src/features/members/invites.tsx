import type { OrganizationInvite } from "@parley/wire";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { createInviteLink, deleteInvite, invitesQuery, MEMBERS } from "../../api/members.ts";
import { useConfirmed } from "../../app/reauthentication.tsx";
import { useRowChange } from "../../app/use-row-change.ts";
import { formatDateTime, formatRelative } from "../../format/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { LoadMore } from "../../ui/load-more.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { text as accountText } from "../account/text.ts";
import type { Handover } from "./invite-dialog.tsx";
import { text } from "./text.ts";

export function Invites({ onLink }: { readonly onLink: (handover: Handover) => void }) {
  const invites = useInfiniteQuery(invitesQuery);
  const confirmed = useConfirmed();
  const withdraw = useRowChange<OrganizationInvite, string>({
    topic: MEMBERS,
    run: deleteInvite,
    said: () => text.withdrawn,
    ahead: (id) => ({ id, fields: null }),
  });
  const renew = useMutation({
    mutationFn: (invite: OrganizationInvite) => confirmed(() => createInviteLink(invite.id)),
    onSuccess: ({ link }, { email }) => onLink({ email, link }),
  });
  const rows = invites.data?.pages.flatMap((page) => page.data) ?? [];
  const error = invites.error ?? renew.error;

  const columns: readonly Column<OrganizationInvite>[] = [
    { name: text.email, cell: (invite) => <span className="break-all">{invite.email}</span> },
    { name: text.role, isSecondary: true, cell: (invite) => accountText.roles[invite.role] ?? invite.role },
    {
      name: text.status,
      cell: (invite) => (
        <Badge tone={invite.status === "pending" ? "accent" : "neutral"}>{text.statuses[invite.status] ?? invite.status}</Badge>
      ),
    },
    {
      name: text.expires,
      isSecondary: true,
      cell: (invite) => <time title={formatDateTime(invite.expires_at)}>{formatRelative(invite.expires_at)}</time>,
    },
    {
      name: text.actions,
      isNameHidden: true,
      isNumber: true,
      cell: (invite) => (
        <span className="inline-flex gap-1.5">
          {invite.status === "pending" && (
            <Button size="small" onClick={() => renew.mutate(invite)}>
              {text.newLink}
            </Button>
          )}
          <Button size="small" onClick={() => withdraw.mutate(invite.id)}>
            {text.withdraw}
          </Button>
        </span>
      ),
    },
  ];

  return (
    <section aria-label={text.invites}>
      <h2 className="mb-2 text-[1.08rem] font-semibold">{text.invites}</h2>
      {error && <ErrorNote error={error} />}
      <div className="panel overflow-hidden">
        {rows.length > 0 ? (
          <Table label={text.invites} columns={columns} rows={rows} keyOf={(invite) => invite.id} />
        ) : (
          <p className="px-4 py-5 text-muted">{text.noInvites}</p>
        )}
      </div>
      <LoadMore list={invites} />
    </section>
  );
}
