import type { ApiKey, SpendProgress } from "@parley/wire";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Archive, Ellipsis, KeyRound, Pencil, PiggyBank, Plus, Power, PowerOff, RotateCw } from "lucide-react";
import { useState } from "react";
import { API_KEYS, apiKeysQuery, apiKeyUsesQuery, updateApiKey } from "../../api/api-keys.ts";
import { spendLimitsQuery } from "../../api/limits.ts";
import { useWorkspaces } from "../../api/workspaces.ts";
import { ChangeDialog } from "../../app/change-dialog.tsx";
import { WorkspaceField } from "../../app/workspace-field.tsx";
import { formatCents, formatDate, formatDateTime, formatRelative } from "../../format/format.ts";
import { Badge, type BadgeTone } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { SelectField } from "../../ui/field.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { LoadMore } from "../../ui/load-more.tsx";
import { Menu } from "../../ui/menu.tsx";
import { Page } from "../../ui/page.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { CreateKeyDialog } from "./create-key-dialog.tsx";
import { RenameKeyDialog } from "./rename-key-dialog.tsx";
import { RotateKeyDialog } from "./rotate-key-dialog.tsx";
import { SpendLimitDialog } from "../limits/spend-limit-dialog.tsx";
import { text } from "./text.ts";
import { useUpdateKey } from "./use-update-key.ts";

const route = getRouteApi("/signed-in/api-keys");
const TONES: Readonly<Record<string, BadgeTone>> = { active: "good", inactive: "warn", expired: "danger" };
const STATUSES = ["active", "inactive", "expired", "archived"];

type Open = { readonly dialog: "rename" | "rotate" | "limit" | "archive"; readonly apiKey: ApiKey } | null;

export function ApiKeysPage() {
  const { create = false } = route.useSearch();
  const navigate = route.useNavigate();
  const setCreating = (isCreating: boolean) => void navigate({ search: isCreating ? { create: true } : {}, replace: true });
  const [workspaceId, setWorkspaceId] = useState<string | null>(null);
  const [status, setStatus] = useState("");
  const [open, setOpen] = useState<Open>(null);
  const workspaces = useWorkspaces();
  const keys = useInfiniteQuery(apiKeysQuery({ workspaceId, status: status || null }));
  const rows = keys.data?.pages.flatMap((page) => page.data) ?? [];
  const isFiltered = workspaceId !== null || status !== "";
  const createButton = (
    <Button kind="primary" onClick={() => setCreating(true)}>
      <Plus size={15} aria-hidden />
      {text.create}
    </Button>
  );
  const { data: uses } = useQuery(apiKeyUsesQuery(rows.map(({ id }) => id)));
  const limits = useInfiniteQuery(spendLimitsQuery);
  const limitsOf = (id: string) =>
    (limits.data?.pages ?? [])
      .flatMap((page) => page.data)
      .filter(({ spend_limit: { scope } }) => scope.type === "api_key" && scope.api_key_id === id);
  const columns = toColumns({
    setOpen,
    workspaceName: (id) => workspaces.find((each) => each.id === id)?.name ?? text.defaultWorkspace,
    lastUsed: (id) => uses?.get(id) ?? null,
    limitsOf,
  });

  return (
    <Page title={text.title} about={text.about} isWide actions={createButton}>
      <div className="mb-3 flex flex-wrap gap-2">
        <WorkspaceField every isLabelHidden className="w-auto" value={workspaceId} onChange={setWorkspaceId} />
        <SelectField
          label={text.status}
          isLabelHidden
          className="w-auto"
          choices={[
            { value: "", label: text.anyStatus },
            ...STATUSES.map((value) => ({ value, label: text.statuses[value] ?? value })),
          ]}
          value={status}
          onChange={(event) => setStatus(event.target.value)}
        />
      </div>
      {keys.error && <ErrorNote error={keys.error} onRetry={() => void keys.refetch()} />}
      <div className="panel overflow-hidden">
        {keys.isPending && <SkeletonRows rows={4} />}
        {keys.data && rows.length === 0 && (
          <EmptyState
            icon={KeyRound}
            title={isFiltered ? text.noMatchTitle : text.emptyTitle}
            action={isFiltered ? undefined : createButton}
          >
            {isFiltered ? text.noMatch : text.empty}
          </EmptyState>
        )}
        {rows.length > 0 && <Table label={text.list} columns={columns} rows={rows} keyOf={(row) => row.id} />}
      </div>
      <LoadMore list={keys} />
      {create && <CreateKeyDialog onClose={() => setCreating(false)} />}
      {open?.dialog === "rename" && <RenameKeyDialog apiKey={open.apiKey} onClose={() => setOpen(null)} />}
      {open?.dialog === "rotate" && <RotateKeyDialog apiKey={open.apiKey} onClose={() => setOpen(null)} />}
      {open?.dialog === "limit" && (
        <SpendLimitDialog
          limit={limitsOf(open.apiKey.id)[0]?.spend_limit ?? null}
          scope={{ type: "api_key", api_key_id: open.apiKey.id }}
          onClose={() => setOpen(null)}
        />
      )}
      {open?.dialog === "archive" && (
        <ChangeDialog
          topic={API_KEYS}
          run={() => updateApiKey(open.apiKey.id, { status: "archived" })}
          said={text.archived}
          title={text.archiveTitle(open.apiKey.name)}
          action={text.archive}
          onClose={() => setOpen(null)}
        >
          {text.archiveAbout}
        </ChangeDialog>
      )}
    </Page>
  );
}

function toColumns({
  setOpen,
  workspaceName,
  lastUsed,
  limitsOf,
}: {
  readonly setOpen: (open: Open) => void;
  readonly workspaceName: (id: string) => string;
  readonly lastUsed: (id: string) => string | null;
  readonly limitsOf: (id: string) => readonly SpendProgress[];
}): readonly Column<ApiKey>[] {
  return [
    {
      name: text.name,
      cell: (key) => (
        <div className="min-w-0">
          <div className="max-w-64 truncate font-medium">{key.name}</div>
          <code className="font-mono text-[0.86rem] break-all text-muted lg:whitespace-nowrap">{key.partial_key_hint}</code>
        </div>
      ),
    },
    { name: text.status, cell: (key) => <Badge tone={TONES[key.status] ?? "neutral"}>{text.statuses[key.status]}</Badge> },
    {
      name: text.workspace,
      isSecondary: true,
      cell: (key) => (key.scope.type === "workspace" ? workspaceName(key.scope.workspace_id) : text.allWorkspaces),
    },
    {
      name: text.lastUsed,
      isSecondary: true,
      cell: (key) => {
        const at = lastUsed(key.id);
        if (at === null) return <span className="text-muted">{text.neverUsed}</span>;
        return (
          <time className="whitespace-nowrap" title={formatDateTime(at)}>
            {formatRelative(at)}
          </time>
        );
      },
    },
    { name: text.limit, isSecondary: true, cell: (key) => <Limits limits={limitsOf(key.id)} /> },
    {
      name: text.created,
      isSecondary: true,
      cell: (key) => (
        <time className="whitespace-nowrap" title={formatDateTime(key.created_at)}>
          {formatRelative(key.created_at)}
        </time>
      ),
    },
    {
      name: text.expiresAt,
      isSecondary: true,
      cell: (key) =>
        key.expires_at === null ? (
          <span className="text-muted">{text.never}</span>
        ) : (
          <span className="whitespace-nowrap">{formatDate(key.expires_at)}</span>
        ),
    },
    {
      name: text.more,
      isNameHidden: true,
      isNumber: true,
      cell: (key) => (key.status === "archived" ? null : <KeyMenu apiKey={key} setOpen={setOpen} />),
    },
  ];
}

function Limits({ limits }: { readonly limits: readonly SpendProgress[] }) {
  const capped = limits.filter(({ spend_limit: { amount } }) => amount !== null);
  if (capped.length === 0) return <span className="text-muted">{text.noLimit}</span>;
  return capped.map(({ spend_limit: { id, amount, period }, period_to_date_spend: spent }) => (
    <span key={id} className="block whitespace-nowrap tabular-nums">
      {text.limitOf(formatCents(spent), formatCents(amount ?? "0"), text.limitPeriods[period])}
    </span>
  ));
}

function KeyMenu({ apiKey, setOpen }: { readonly apiKey: ApiKey; readonly setOpen: (open: Open) => void }) {
  const { mutate } = useUpdateKey();
  const isActive = apiKey.status === "active";
  const toggle = () =>
    mutate({
      id: apiKey.id,
      change: { status: isActive ? "inactive" : "active" },
      said: isActive ? text.disabled : text.enabled,
    });
  return (
    <Menu
      trigger={<IconButton icon={Ellipsis} label={text.moreOf(apiKey.name)} />}
      groups={[
        {
          actions: [
            { label: text.rename, icon: Pencil, run: () => setOpen({ dialog: "rename", apiKey }) },
            ...(isActive ? [{ label: text.rotate, icon: RotateCw, run: () => setOpen({ dialog: "rotate", apiKey }) }] : []),
            { label: text.setLimit, icon: PiggyBank, run: () => setOpen({ dialog: "limit", apiKey }) },
            { label: isActive ? text.disable : text.enable, icon: isActive ? PowerOff : Power, run: toggle },
          ],
        },
        {
          actions: [{ label: text.archive, icon: Archive, isDangerous: true, run: () => setOpen({ dialog: "archive", apiKey }) }],
        },
      ]}
    />
  );
}
