import type { AuditEvent } from "@parley/wire";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { auditLogQuery } from "../../api/audit-log.ts";
import { usersQuery } from "../../api/members.ts";
import { formatDateTime } from "../../format/format.ts";
import { Button } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { LoadMore } from "../../ui/load-more.tsx";
import { Page } from "../../ui/page.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { Table } from "../../ui/table.tsx";
import { text } from "./text.ts";

export function AuditLogPage() {
  const log = useInfiniteQuery(auditLogQuery(null));
  const users = useInfiniteQuery(usersQuery);
  const [shown, setShown] = useState<AuditEvent | null>(null);
  const names = new Map(users.data?.pages.flatMap((page) => page.data.map(({ id, name }) => [id, name] as const)));
  const nameOf = ({ type, id }: AuditEvent["actor"]) => names.get(id) ?? text.actors[type] ?? id;
  const rows = log.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Page title={text.title} about={text.about}>
      {log.error && <ErrorNote error={log.error} onRetry={() => void log.refetch()} />}
      <div className="panel overflow-hidden">
        {log.isPending && <SkeletonRows rows={8} rowClass="h-11" />}
        {rows.length > 0 && (
          <Table
            label={text.list}
            rows={rows}
            keyOf={({ id }) => id}
            columns={[
              {
                name: text.time,
                isSecondary: true,
                cell: (event) => <time className="whitespace-nowrap">{formatDateTime(event.created_at)}</time>,
              },
              {
                name: text.who,
                isSecondary: true,
                cell: (event) => <span title={event.actor.id}>{nameOf(event.actor)}</span>,
              },
              {
                name: text.what,
                cell: (event) => (
                  <>
                    <code className="font-mono text-[0.93rem] break-all">{event.action}</code>
                    <span className="block text-[0.89rem] text-muted md:hidden">
                      {nameOf(event.actor)} · {formatDateTime(event.created_at)}
                    </span>
                  </>
                ),
              },
              {
                name: text.target,
                isSecondary: true,
                cell: (event) => <code className="font-mono text-[0.89rem] break-all text-muted">{event.target.id}</code>,
              },
              {
                name: text.details,
                isNameHidden: true,
                isNumber: true,
                cell: (event) => (
                  <Button size="small" onClick={() => setShown(event)}>
                    {text.show}
                  </Button>
                ),
              },
            ]}
          />
        )}
      </div>
      <LoadMore list={log} />
      {shown && (
        <Dialog isOpen isWide onClose={() => setShown(null)} title={text.detailsTitle(shown.sequence)} description={shown.action}>
          <div className="grid gap-3">
            {shown.before && <Values name={text.before} values={shown.before} />}
            {shown.after && <Values name={text.after} values={shown.after} />}
            {shown.request_id !== null && (
              <p className="text-muted">
                {text.request} <code className="font-mono">{shown.request_id}</code>
              </p>
            )}
          </div>
        </Dialog>
      )}
    </Page>
  );
}

function Values({ name, values }: { readonly name: string; readonly values: Readonly<Record<string, unknown>> }) {
  return (
    <div>
      <h3 className="mb-1 font-medium">{name}</h3>
      <CodeBlock code={JSON.stringify(values, null, 2)} label={name} />
    </div>
  );
}
