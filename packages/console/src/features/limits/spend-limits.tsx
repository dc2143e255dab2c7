import type { SpendProgress } from "@parley/wire";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Ellipsis, Pencil, Plus, PiggyBank, Trash2 } from "lucide-react";
import { useState } from "react";
import { billingQuery } from "../../api/billing.ts";
import { deleteSpendLimit, LIMITS, spendLimitsQuery } from "../../api/limits.ts";
import { ChangeDialog } from "../../app/change-dialog.tsx";
import { useConfirmed } from "../../app/reauthentication.tsx";
import { formatCents } from "../../format/format.ts";
import { Button } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { LoadMore } from "../../ui/load-more.tsx";
import { Menu } from "../../ui/menu.tsx";
import { Meter } from "../../ui/meter.tsx";
import { Section } from "../../ui/section.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { SpendLimitDialog } from "./spend-limit-dialog.tsx";
import { text } from "./text.ts";
import { type ScopeNames, useScopeNames } from "./use-scope-names.ts";

type Open = { readonly dialog: "set" | "change" | "remove"; readonly progress: SpendProgress | null } | null;

/** Every spend limit of the organization, with what its period has come to. */
export function SpendLimits() {
  const limits = useInfiniteQuery(spendLimitsQuery);
  const { data: billing } = useQuery(billingQuery);
  const names = useScopeNames();
  const confirmed = useConfirmed();
  const [open, setOpen] = useState<Open>(null);
  const leaving = open?.dialog === "remove" ? open.progress : null;
  const rows = limits.data?.pages.flatMap((page) => page.data) ?? [];
  const setButton = (
    <Button onClick={() => setOpen({ dialog: "set", progress: null })}>
      <Plus size={15} aria-hidden />
      {text.set}
    </Button>
  );
  return (
    <Section title={text.spendTitle} about={text.spendAbout} actions={rows.length > 0 && setButton}>
      {billing && !billing.is_charging && (
        <p className="rounded-lg border border-warn/35 bg-warn-soft px-3.5 py-2.5">{text.notCharging}</p>
      )}
      {limits.error && <ErrorNote error={limits.error} onRetry={() => void limits.refetch()} />}
      <div className="panel overflow-hidden">
        {limits.isPending && <SkeletonRows rows={2} />}
        {limits.data && rows.length === 0 && (
          <EmptyState icon={PiggyBank} title={text.spendEmptyTitle} action={setButton}>
            {text.spendEmpty}
          </EmptyState>
        )}
        {rows.length > 0 && (
          <Table
            label={text.spendTitle}
            columns={toColumns(names, setOpen)}
            rows={rows}
            keyOf={({ spend_limit: { id } }) => id}
          />
        )}
      </div>
      <LoadMore list={limits} />
      {open && open.dialog !== "remove" && (
        <SpendLimitDialog limit={open.progress?.spend_limit ?? null} names={names} onClose={() => setOpen(null)} />
      )}
      {leaving && (
        <ChangeDialog
          topic={LIMITS}
          run={() => confirmed(() => deleteSpendLimit(leaving.spend_limit.id))}
          said={text.removed}
          title={text.removeTitle}
          action={text.remove}
          onClose={() => setOpen(null)}
        >
          {text.removeAbout}
        </ChangeDialog>
      )}
    </Section>
  );
}

function toColumns({ nameOf }: ScopeNames, setOpen: (open: Open) => void): readonly Column<SpendProgress>[] {
  const titleOf = ({ spend_limit: { scope } }: SpendProgress) => nameOf(scope) ?? text.scopes[scope.type] ?? scope.type;
  return [
    {
      name: text.scope,
      cell: (row) => {
        const kind = text.scopes[row.spend_limit.scope.type];
        return (
          <div>
            <div className="font-medium">{titleOf(row)}</div>
            {nameOf(row.spend_limit.scope) !== null && <div className="text-[0.89rem] text-muted">{kind}</div>}
          </div>
        );
      },
    },
    { name: text.period, cell: ({ spend_limit: { period } }) => text.periods[period] },
    {
      name: text.spent,
      cell: (row) => {
        const { amount } = row.spend_limit;
        const spent = row.period_to_date_spend;
        if (amount === null) return text.noCap;
        const shown = text.spentOf(formatCents(spent), formatCents(amount));
        return <Meter label={`${text.spent}: ${titleOf(row)}`} used={Number(spent)} of={Number(amount)} text={shown} />;
      },
    },
    {
      name: text.more,
      isNameHidden: true,
      isNumber: true,
      cell: (row) =>
        row.spend_limit.scope.type === "usage_tier" ? null : (
          <Menu
            trigger={<IconButton icon={Ellipsis} label={text.moreOf(titleOf(row))} />}
            groups={[
              { actions: [{ label: text.change, icon: Pencil, run: () => setOpen({ dialog: "change", progress: row }) }] },
              {
                actions: [
                  {
                    label: text.remove,
                    icon: Trash2,
                    isDangerous: true,
                    run: () => setOpen({ dialog: "remove", progress: row }),
                  },
                ],
              },
            ]}
          />
        ),
    },
  ];
}
