import type { Billing } from "@parley/wire";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Coins, Download, ReceiptText } from "lucide-react";
import { useState } from "react";
import { billingQuery, readStatement, type StatementFormat } from "../../api/billing.ts";
import { isAdministrator, useSession } from "../../app/use-session.ts";
import { WorkspaceField } from "../../app/workspace-field.tsx";
import { formatCents, formatDate, formatMonth, formatWhole } from "../../format/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { download } from "../../ui/download.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { Meter } from "../../ui/meter.tsx";
import { Page } from "../../ui/page.tsx";
import { Section } from "../../ui/section.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { Table } from "../../ui/table.tsx";
import { Tile } from "../../ui/tile.tsx";
import { AlertSettings } from "../settings/alert-settings.tsx";
import { text } from "./text.ts";

export function BillingPage() {
  const session = useSession();
  const { data, error, refetch } = useQuery(billingQuery);
  return (
    <Page title={text.title} about={text.about}>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {!data && !error && (
        <div className="panel">
          <SkeletonRows rows={6} />
        </div>
      )}
      {data && (
        <div className="grid grid-cols-1 gap-9">
          <Figures billing={data} />
          <Credits billing={data} />
          <Statements billing={data} />
          {/* Administrators have it in Settings. */}
          {!isAdministrator(session) && <AlertSettings />}
        </div>
      )}
    </Page>
  );
}

function Figures({ billing }: { readonly billing: Billing }) {
  const [now] = useState(() => new Date());
  const amountOf = (monthsAgo: number) => {
    const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - monthsAgo)).toISOString().slice(0, 7);
    return formatCents(billing.months.find((each) => each.month === month)?.amount ?? "0");
  };
  return (
    <div className="grid gap-3">
      {!billing.is_charging && <p className="rounded-lg border border-warn/35 bg-warn-soft px-3.5 py-2.5">{text.notCharging}</p>}
      <div className="grid gap-3 sm:grid-cols-3">
        <Tile name={text.balance} value={formatCents(billing.balance)} />
        <Tile name={text.thisMonth} value={amountOf(0)} />
        <Tile name={text.lastMonth} value={amountOf(1)} />
      </div>
    </div>
  );
}

function Credits({ billing: { credit_grants: grants } }: { readonly billing: Billing }) {
  return (
    <Section title={text.grants} about={text.grantsAbout}>
      <div className="panel overflow-hidden">
        {grants.length === 0 ? (
          <EmptyState
            icon={Coins}
            title={text.noGrantsTitle}
            action={<CodeBlock code={text.command} label={text.commandLabel} className="w-full max-w-xl text-start" />}
          >
            {text.noGrants}
          </EmptyState>
        ) : (
          <Table
            label={text.grants}
            rows={grants}
            keyOf={({ id }) => id}
            columns={[
              {
                name: text.reference,
                cell: (grant) => (
                  <div className="flex flex-wrap items-center gap-2">
                    <span className="font-medium wrap-anywhere">{grant.reference}</span>
                    <Badge>{text.kinds[grant.kind]}</Badge>
                  </div>
                ),
              },
              { name: text.granted, isSecondary: true, cell: ({ granted_at: at }) => formatDate(at) },
              {
                name: text.expires,
                isSecondary: true,
                cell: ({ expires_at: at }) => (at === null ? <span className="text-muted">{text.never}</span> : formatDate(at)),
              },
              {
                name: text.used,
                cell: ({ reference, amount, remaining }) => (
                  <Meter
                    label={`${text.grants}: ${reference}`}
                    used={Number(amount) - Number(remaining)}
                    of={Number(amount)}
                    text={text.usedOf(formatCents(String(Number(amount) - Number(remaining))), formatCents(amount))}
                  />
                ),
              },
            ]}
          />
        )}
      </div>
    </Section>
  );
}

function Statements({ billing: { months } }: { readonly billing: Billing }) {
  const [workspaceId, setWorkspaceId] = useState<string | null>(null);
  const statement = useMutation({
    mutationFn: async ({ month, format }: { readonly month: string; readonly format: StatementFormat }) =>
      download(`statement-${month}.${format}`, await readStatement(month, format, workspaceId)),
  });
  const downloads = (month: string) =>
    (["csv", "pdf"] as const).map((format) => (
      <Button
        key={format}
        size="small"
        aria-label={text.downloadOf(text[format], formatMonth(month))}
        isBusy={statement.isPending && statement.variables.month === month && statement.variables.format === format}
        onClick={() => statement.mutate({ month, format })}
      >
        <Download size={14} aria-hidden />
        {text[format]}
      </Button>
    ));
  return (
    <Section
      title={text.statements}
      about={text.statementsAbout}
      actions={<WorkspaceField every isLabelHidden className="w-auto" value={workspaceId} onChange={setWorkspaceId} />}
    >
      {statement.error && <ErrorNote error={statement.error} />}
      <div className="panel overflow-hidden">
        {months.length === 0 ? (
          <EmptyState icon={ReceiptText} title={text.noMonthsTitle}>
            {text.noMonths}
          </EmptyState>
        ) : (
          <Table
            label={text.statements}
            rows={months}
            keyOf={({ month }) => month}
            columns={[
              { name: text.month, cell: ({ month }) => <span className="font-medium">{formatMonth(month)}</span> },
              { name: text.requests, isNumber: true, isSecondary: true, cell: ({ requests }) => formatWhole(requests) },
              { name: text.cost, isNumber: true, cell: ({ amount }) => formatCents(amount) },
              {
                name: text.download,
                isNameHidden: true,
                isNumber: true,
                cell: ({ month }) => <div className="flex justify-end gap-2">{downloads(month)}</div>,
              },
            ]}
          />
        )}
      </div>
    </Section>
  );
}
