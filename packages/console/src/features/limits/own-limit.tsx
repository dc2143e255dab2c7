import { SpendLimitPeriod } from "@parley/wire";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { askForIncrease, ownSpendQuery, LIMITS } from "../../api/limits.ts";
import { formatCents, formatRelative } from "../../format/format.ts";
import { Badge, type BadgeTone } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { SelectField } from "../../ui/field.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { Meter } from "../../ui/meter.tsx";
import { Section } from "../../ui/section.tsx";
import { useToast } from "../../ui/toasts.tsx";
import { text } from "./text.ts";

const TONES: Readonly<Record<string, BadgeTone>> = { pending: "warn", approved: "good", denied: "neutral" };

/** What the person who is signed in may spend, and their asking for more. */
export function OwnLimit() {
  const { data, error, refetch } = useQuery(ownSpendQuery);
  const [isAsking, setAsking] = useState(false);
  return (
    <Section title={text.ownTitle} about={text.ownAbout} actions={<Button onClick={() => setAsking(true)}>{text.ask}</Button>}>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {data && (
        <div className="panel divide-y divide-line">
          {data.limits.length === 0 && <p className="px-4 py-3 text-muted">{text.ownNone}</p>}
          {data.limits.map(({ spend_limit_id: id, period, amount, period_to_date_spend: spent }) => (
            <div key={id} className="grid grid-cols-[6rem_minmax(0,1fr)] items-center gap-4 px-4 py-3">
              <span className="font-medium">{text.periods[period]}</span>
              {amount === null ? (
                <span>{text.noCap}</span>
              ) : (
                <Meter
                  label={`${text.ownTitle}: ${text.periods[period] ?? period}`}
                  used={Number(spent)}
                  of={Number(amount)}
                  text={text.spentOf(formatCents(spent), formatCents(amount))}
                />
              )}
            </div>
          ))}
          {data.increase_requests.map(({ id, period, status, created_at: at }) => (
            <div key={id} className="flex flex-wrap items-center justify-between gap-2 px-4 py-3">
              <span>{text.request(text.periods[period] ?? period, formatRelative(at))}</span>
              <Badge tone={TONES[status] ?? "neutral"}>{text.statuses[status]}</Badge>
            </div>
          ))}
        </div>
      )}
      {isAsking && <AskDialog onClose={() => setAsking(false)} />}
    </Section>
  );
}

function AskDialog({ onClose }: { readonly onClose: () => void }) {
  const [period, setPeriod] = useState<SpendLimitPeriod>("monthly");
  const queryClient = useQueryClient();
  const toast = useToast();
  const ask = useMutation({
    mutationFn: () => askForIncrease(period),
    onSuccess: () => {
      toast(text.askedToast);
      onClose();
      void queryClient.invalidateQueries({ queryKey: LIMITS });
    },
  });
  return (
    <FormDialog
      title={text.askTitle}
      description={text.askAbout}
      action={text.askSend}
      isBusy={ask.isPending}
      error={ask.error}
      onClose={onClose}
      onSubmit={() => ask.mutate()}
    >
      <SelectField
        label={text.period}
        choices={SpendLimitPeriod.options.map((value) => ({ value, label: text.periods[value] ?? value }))}
        value={period}
        onChange={(event) => setPeriod(SpendLimitPeriod.options.find((each) => each === event.target.value) ?? "monthly")}
      />
    </FormDialog>
  );
}
