import type { SpendAlert, SpendAlerts } from "@parley/wire";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { spendAlertsQuery } from "../../api/spend-alerts.ts";
import { formatCents, formatDateTime, formatRelative, formatWhole } from "../../format/format.ts";
import { Badge, type BadgeTone } from "../../ui/badge.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { Section } from "../../ui/section.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { Table } from "../../ui/table.tsx";
import { useScopeNames } from "../limits/use-scope-names.ts";
import { text } from "./text.ts";

const CONFIGURATION = `alerts:
  webhook_url: https://hooks.example.com/parley
  webhook_secret: whsec_…
  smtp_url: smtp://user:password@mail.example.com:587
  mail_from: Parley <parley@example.com>`;

const TONES: Readonly<Record<SpendAlert["deliveries"][number]["status"], BadgeTone>> = {
  sent: "good",
  waiting: "warn",
  given_up: "danger",
};

/** Who is told when a part of a limit is spent, and what was told. */
export function AlertSettings() {
  const { data, error, refetch } = useQuery(spendAlertsQuery);
  const thresholds = data?.thresholds_percent.map((each) => `${formatWhole(each)} %`).join(", ") ?? "";
  return (
    <Section title={text.alertsTitle} about={thresholds === "" ? undefined : text.alertsAbout(thresholds)}>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      <div className="panel divide-y divide-line">
        {!data && !error && <SkeletonRows rows={2} />}
        {data && <Channels alerts={data} />}
      </div>
      {data && data.data.length > 0 && (
        <div className="panel overflow-hidden">
          <Told alerts={data.data} />
        </div>
      )}
    </Section>
  );
}

function Channels({ alerts: { is_charging: isCharging, webhook, mail } }: { readonly alerts: SpendAlerts }) {
  return (
    <>
      {!isCharging && <p className="px-4 py-3 text-muted">{text.alertsNotCharging}</p>}
      <Channel name={text.webhook} isOn={webhook !== null}>
        {webhook && text.webhookTo(webhook.origin)}
      </Channel>
      <Channel name={text.mail} isOn={mail !== null}>
        {mail && text.mailTo(mail.from, mail.to.join(", "))}
      </Channel>
      {(webhook === null || mail === null) && (
        <div className="grid grid-cols-1 gap-2 px-4 py-3">
          <p className="text-muted">{text.alertsHint}</p>
          <CodeBlock code={CONFIGURATION} label={text.alertsLabel} />
        </div>
      )}
    </>
  );
}

function Channel({ name, isOn, children }: { readonly name: string; readonly isOn: boolean; readonly children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-3">
      <span className="flex items-center gap-2">
        <span className="font-medium">{name}</span>
        <Badge tone={isOn ? "good" : "neutral"}>{isOn ? text.on : text.off}</Badge>
      </span>
      <span className="min-w-0 text-muted wrap-anywhere">{children}</span>
    </div>
  );
}

function Told({ alerts }: { readonly alerts: readonly SpendAlert[] }) {
  const { nameById } = useScopeNames();
  return (
    <Table
      label={text.alertsTold}
      rows={alerts}
      keyOf={({ id }) => id}
      columns={[
        {
          name: text.alert,
          cell: ({ scope, threshold_percent: percent, event }) => (
            <div>
              <div className="font-medium">
                {event === "credits.exhausted" ? text.creditsGone : text.reached(formatWhole(percent))}
              </div>
              <div className="text-[0.89rem] text-muted wrap-anywhere">
                {nameById(scope.id) ?? text.alertScopes[scope.type] ?? scope.type}
              </div>
            </div>
          ),
        },
        {
          name: text.spent,
          isSecondary: true,
          cell: ({ spent, amount }) => (
            <span className="tabular-nums">{text.spentOf(formatCents(spent), formatCents(amount))}</span>
          ),
        },
        {
          name: text.when,
          isSecondary: true,
          cell: ({ created_at: at }) => <time title={formatDateTime(at)}>{formatRelative(at)}</time>,
        },
        {
          name: text.told,
          cell: ({ deliveries }) => (
            <div className="flex flex-wrap gap-1.5">
              {deliveries.map(({ channel, status }) => (
                <Badge key={channel} tone={TONES[status]}>
                  {text.delivery(text.channels[channel], text.deliveries[status])}
                </Badge>
              ))}
            </div>
          ),
        },
      ]}
    />
  );
}
