import type { OrganizationUser } from "@parley/wire";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Ellipsis, LogOut, Trash2, UserPlus } from "lucide-react";
import { useState } from "react";
import { MEMBERS, removeUser, ROLES, signUserOut, updateUser, usersQuery } from "../../api/members.ts";
import { useSession } from "../../app/use-session.ts";
import { formatDate } from "../../format/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Menu } from "../../ui/menu.tsx";
import { Page } from "../../ui/page.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { useToast } from "../../ui/toasts.tsx";
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
  const [fault, setFault] = useState<unknown>(null);
  const columns = useColumns(setLeaving, setFault);
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
        {fault ? <ErrorNote error={fault} /> : null}
        <div className="panel overflow-hidden">
          {users.isPending && <SkeletonRows rows={3} />}
          {rows.length > 0 && <Table label={text.people} columns={columns} rows={rows} keyOf={(user) => user.id} />}
        </div>
        {users.hasNextPage && (
          <Button isBusy={users.isFetchingNextPage} onClick={() => void users.fetchNextPage()}>
            {text.loadMore}
          </Button>
        )}
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
      {leaving && <RemoveDialog user={leaving} onClose={() => setLeaving(null)} />}
    </Page>
  );
}

function useColumns(
  onRemove: (user: OrganizationUser) => void,
  onFault: (fault: unknown) => void,
): readonly Column<OrganizationUser>[] {
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
        user.id === person.id || !isChangeable(user) ? null : (
          <MemberMenu user={user} onRemove={() => onRemove(user)} onFault={onFault} />
        ),
    },
  ];
}

function MemberMenu({
  user,
  onRemove,
  onFault,
}: {
  readonly user: OrganizationUser;
  readonly onRemove: () => void;
  /** The menu is closed when it comes: the page shows it. Null: all is well again. */
  readonly onFault: (fault: unknown) => void;
}) {
  const queryClient = useQueryClient();
  const toast = useToast();
  const update = useMutation({
    mutationFn: (role: string) => updateUser(user.id, role),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: MEMBERS });
      toast(text.roleChanged);
    },
    onMutate: () => onFault(null),
    onError: onFault,
  });
  const signOut = useMutation({
    mutationFn: () => signUserOut(user.id),
    onSuccess: () => toast(text.signedOut(user.name)),
    onMutate: () => onFault(null),
    onError: onFault,
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

function RemoveDialog({ user, onClose }: { readonly user: OrganizationUser; readonly onClose: () => void }) {
  const queryClient = useQueryClient();
  const toast = useToast();
  const remove = useMutation({
    mutationFn: () => removeUser(user.id),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: MEMBERS });
      toast(text.removed);
      onClose();
    },
  });
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      onConfirm={() => remove.mutate()}
      title={text.removeTitle(user.name)}
      action={text.remove}
      isBusy={remove.isPending}
      error={remove.error}
    >
      {text.removeAbout}
    </ConfirmDialog>
  );
}
