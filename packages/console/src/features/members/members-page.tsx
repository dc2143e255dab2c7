import type { OrganizationUser } from "@parley/wire";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Ellipsis, LogOut, Trash2, UserPlus } from "lucide-react";
import { useState } from "react";
import { MEMBERS, removeUser, ROLES, signUserOut, updateUser, usersQuery } from "../../api/members.ts";
import { ChangeDialog } from "../../app/change-dialog.tsx";
import { useRowChange } from "../../app/use-row-change.ts";
import { useSession } from "../../app/use-session.ts";
import { formatDate } from "../../format/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { LoadMore } from "../../ui/load-more.tsx";
import { Menu } from "../../ui/menu.tsx";
import { Page } from "../../ui/page.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { useFault, useToast } from "../../ui/toasts.tsx";
import { text as accountText } from "../account/text.ts";
import { type Handover, InviteDialog, LinkDialog } from "./invite-dialog.tsx";
import { Invites } from "./invites.tsx";
import { text } from "./text.ts";

const roleName = (role: string): string => accountText.roles[role] ?? role;
const isChangeable = ({ role }: OrganizationUser): boolean => ROLES.some((each) => each === role);

export function MembersPage() {
  const users = useInfiniteQuery(usersQuery);
  const [isInviting, setInviting] = useState(false);
  const [handover, setHandover] = useState<Handover | null>(null);
  const [leaving, setLeaving] = useState<OrganizationUser | null>(null);
  const rows = users.data?.pages.flatMap((page) => page.data) ?? [];
  const columns = useColumns(setLeaving);
  return (
    <Page
      title={text.title}
      about={text.about}
      actions={
        <Button kind="primary" onClick={() => setInviting(true)}>
          <UserPlus size={15} aria-hidden />
          {text.invite}
        </Button>
      }
    >
      <div className="grid gap-6">
        {users.error && <ErrorNote error={users.error} onRetry={() => void users.refetch()} />}
        <div className="panel overflow-hidden">
          {users.isPending && <SkeletonRows rows={3} />}
          {rows.length > 0 && <Table label={text.people} columns={columns} rows={rows} keyOf={(user) => user.id} />}
        </div>
        <LoadMore list={users} />
        <Invites onLink={setHandover} />
      </div>
      {isInviting && (
        <InviteDialog
          onClose={() => setInviting(false)}
          onLink={(made) => {
            setInviting(false);
            setHandover(made);
          }}
        />
      )}
      {handover && <LinkDialog handover={handover} onClose={() => setHandover(null)} />}
      {leaving && (
        <ChangeDialog
          topic={MEMBERS}
          run={() => removeUser(leaving.id)}
          said={text.removed}
          title={text.removeTitle(leaving.name)}
          action={text.remove}
          onClose={() => setLeaving(null)}
        >
          {text.removeAbout}
        </ChangeDialog>
      )}
    </Page>
  );
}

function useColumns(onRemove: (user: OrganizationUser) => void): readonly Column<OrganizationUser>[] {
  const { person } = useSession();
  return [
    {
      name: text.name,
      cell: (user) => (
        <div className="min-w-0">
          <div className="flex items-center gap-2 font-medium">
            {user.name}
            {user.id === person.id && <Badge>{text.you}</Badge>}
          </div>
          <div className="text-[0.93rem] break-all text-muted">{user.email}</div>
        </div>
      ),
    },
    { name: text.role, cell: (user) => roleName(user.role) },
    { name: text.added, isSecondary: true, cell: (user) => formatDate(user.added_at) },
    {
      name: text.actions,
      isNameHidden: true,
      isNumber: true,
      cell: (user) =>
        user.id === person.id || !isChangeable(user) ? null : <MemberMenu user={user} onRemove={() => onRemove(user)} />,
    },
  ];
}

function MemberMenu({ user, onRemove }: { readonly user: OrganizationUser; readonly onRemove: () => void }) {
  const toast = useToast();
  const update = useRowChange<OrganizationUser, (typeof ROLES)[number]>({
    topic: MEMBERS,
    run: (role) => updateUser(user.id, role),
    said: () => text.roleChanged,
    ahead: (role) => ({ id: user.id, fields: { role } }),
  });
  const signOut = useMutation({
    mutationFn: () => signUserOut(user.id),
    onSuccess: () => toast(text.signedOut(user.name)),
    // The menu is closed when it comes.
    onError: useFault(),
  });
  return (
    <Menu
      trigger={<IconButton icon={Ellipsis} label={text.actionsOf(user.name)} />}
      groups={[
        {
          label: text.changeRole,
          actions: ROLES.map((role) => ({
            label: roleName(role),
            isChecked: role === user.role,
            run: () => update.mutate(role),
          })),
        },
        { actions: [{ label: text.signOut, icon: LogOut, run: () => signOut.mutate() }] },
        { actions: [{ label: text.remove, icon: Trash2, isDangerous: true, run: onRemove }] },
      ]}
    />
  );
}
