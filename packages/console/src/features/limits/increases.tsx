import type { SpendIncreaseRequest } from "@parley/wire";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { approveIncrease, denyIncrease, pendingIncreasesQuery, LIMITS } from "../../api/limits.ts";
import { useConfirmed } from "../../app/reauthentication.tsx";
import { useRowChange } from "../../app/use-row-change.ts";
import { formatCents, formatDateTime, formatRelative } from "../../format/format.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { Section } from "../../ui/section.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { useToast } from "../../ui/toasts.tsx";
import { AmountField } from "./amount-field.tsx";
import { toCents } from "./dollars.ts";
import { text } from "./text.ts";

/** Members who wait for an answer. */
export function Increases() {
  const { data, error, refetch } = useQuery(pendingIncreasesQuery);
  const [approving, setApproving] = useState<SpendIncreaseRequest | null>(null);
  const deny = useRowChange<SpendIncreaseRequest, string>({
    topic: LIMITS,
    run: denyIncrease,
    said: () => text.denied,
    ahead: (id) => ({ id, fields: null }),
  });
  const rows = data?.data ?? [];
  const columns: readonly Column<SpendIncreaseRequest>[] = [
    {
      name: text.person,
      cell: ({ actor }) => (
        <div>
          <div className="font-medium">{actor.name}</div>
          <div className="text-[0.89rem] break-all text-muted">{actor.email_address}</div>
        </div>
      ),
    },
    { name: text.period, cell: ({ period }) => text.periods[period] },
    {
      name: text.spent,
      isSecondary: true,
      cell: ({ spend_summary: summary }) =>
        summary?.amount ? text.spentOf(formatCents(summary.period_to_date_spend), formatCents(summary.amount)) : text.noOwnLimit,
    },
    {
      name: text.asked,
      isSecondary: true,
      cell: ({ created_at: at }) => <time title={formatDateTime(at)}>{formatRelative(at)}</time>,
    },
    {
      name: text.more,
      isNameHidden: true,
      isNumber: true,
      cell: (request) => (
        <div className="flex flex-wrap justify-end gap-2">
          <Button size="small" onClick={() => deny.mutate(request.id)}>
            {text.deny}
          </Button>
          <Button size="small" kind="primary" onClick={() => setApproving(request)}>
            {text.approve}
          </Button>
        </div>
      ),
    },
  ];
  return (
    <Section title={text.increasesTitle} about={text.increasesAbout}>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {data && rows.length === 0 && <p className="panel px-4 py-3 text-muted">{text.increasesEmpty}</p>}
      {rows.length > 0 && (
        <div className="panel overflow-hidden">
          <Table label={text.increasesTitle} columns={columns} rows={rows} keyOf={({ id }) => id} />
        </div>
      )}
      {approving && <ApproveDialog request={approving} onClose={() => setApproving(null)} />}
    </Section>
  );
}

function ApproveDialog({ request, onClose }: { readonly request: SpendIncreaseRequest; readonly onClose: () => void }) {
  const [dollars, setDollars] = useState("");
  const queryClient = useQueryClient();
  const confirmed = useConfirmed();
  const toast = useToast();
  const approve = useMutation({
    mutationFn: (amount: string) => confirmed(() => approveIncrease(request.id, amount)),
    onSuccess: () => {
      toast(text.approved);
      onClose();
      void queryClient.invalidateQueries({ queryKey: LIMITS });
    },
  });
  return (
    <FormDialog
      title={text.approveTitle(request.actor.name ?? request.actor.user_id)}
      action={text.approve}
      isBusy={approve.isPending}
      error={approve.error}
      onClose={onClose}
      onSubmit={() => {
        const amount = toCents(dollars);
        if (amount !== null) approve.mutate(amount);
      }}
    >
      <AmountField label={text.newLimit(text.periods[request.period] ?? request.period)} value={dollars} onChange={setDollars} />
    </FormDialog>
  );
}
