import type { ConsolePool, ConsoleUpstream } from "@parley/wire";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { RefreshCw } from "lucide-react";
import { consoleModelsQuery, reloadRoutes } from "../../api/models.ts";
import { formatRelative, formatWhole } from "../../format/format.ts";
import { Badge, type BadgeTone } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { Section } from "../../ui/section.tsx";
import { Table } from "../../ui/table.tsx";
import { text } from "./text.ts";
import { UpstreamSteering } from "./upstream-steering.tsx";

/** Other servers that answer for models here, whether they are well, and which names lead to them. */
export function Upstreams({
  upstreams,
  pools,
  maySteer,
}: {
  readonly upstreams: readonly ConsoleUpstream[];
  readonly pools: readonly ConsolePool[];
  readonly maySteer: boolean;
}) {
  if (upstreams.length === 0) return null;
  return (
    <Section title={text.upstreams} about={text.upstreamsAbout} actions={maySteer && <Reload />}>
      <div className="panel overflow-hidden">
        <Table
          label={text.upstreams}
          rows={upstreams}
          keyOf={({ name }) => name}
          columns={[
            {
              name: text.upstream,
              cell: ({ name, kind, geo, url }) => (
                <div>
                  <div className="font-medium wrap-anywhere">{name}</div>
                  <div className="text-[0.89rem] text-muted wrap-anywhere">
                    {[kind, geo, url].filter((part) => part !== null).join(" · ")}
                  </div>
                </div>
              ),
            },
            { name: text.health, cell: (upstream) => <Health upstream={upstream} /> },
            {
              name: text.answered,
              isSecondary: true,
              cell: ({ answered_at: at }) =>
                at === null ? <span className="text-muted">{text.neverAnswered}</span> : formatRelative(at),
            },
            {
              name: text.outstanding,
              isSecondary: true,
              isNumber: true,
              cell: ({ outstanding_tokens: tokens }) => formatWhole(tokens),
            },
            ...(maySteer
              ? [
                  {
                    name: text.steering,
                    isNameHidden: true,
                    cell: (upstream: ConsoleUpstream) => (
                      <div className="flex justify-end">
                        <UpstreamSteering upstream={upstream} upstreams={upstreams} pools={pools} />
                      </div>
                    ),
                  },
                ]
              : []),
          ]}
        />
      </div>
      <dl className="panel divide-y divide-line" aria-label={text.pools}>
        {pools.map((pool) => (
          <div key={pool.name} className="grid gap-x-4 gap-y-1 px-4 py-2.5 sm:grid-cols-[12rem_minmax(0,1fr)]">
            <dt className="min-w-0">
              <span className="block font-medium wrap-anywhere">{pool.title}</span>
              {pool.title !== pool.name && <code className="font-mono text-[0.89rem] break-all text-muted">{pool.name}</code>}
            </dt>
            <dd className="flex min-w-0 flex-wrap items-center gap-1.5">
              {pool.targets.map(({ upstream, model, weight, classes }) => (
                <Badge key={`${upstream}/${model ?? ""}`} tone={toneOf(upstreams, upstream)}>
                  {text.target(model === null ? upstream : `${upstream} / ${model}`, weight)}
                  {classes.length < ALL_CLASSES && ` (${classes.join(", ")})`}
                </Badge>
              ))}
              {pool.queued_turns > 0 && <Badge tone="warn">{text.queued(formatWhole(pool.queued_turns))}</Badge>}
              {pool.fallbacks.length > 0 && <span className="text-muted">{text.fallbacks(pool.fallbacks.join(", "))}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

/** Priority, standard and batch. */
const ALL_CLASSES = 3;

function Reload() {
  const queryClient = useQueryClient();
  const reload = useMutation({
    mutationFn: reloadRoutes,
    onSettled: () => queryClient.invalidateQueries({ queryKey: consoleModelsQuery.queryKey }),
  });
  return (
    <div className="grid justify-items-end gap-2">
      <Button isBusy={reload.isPending} title={text.reloadAbout} onClick={() => reload.mutate()}>
        <RefreshCw size={15} aria-hidden />
        {text.reload}
      </Button>
      {reload.error && <ErrorNote error={reload.error} />}
    </div>
  );
}

function Health({
  upstream: { is_up: isUpNow, is_drained: isDrained, fault, retry_in_seconds: retry },
}: {
  readonly upstream: ConsoleUpstream;
}) {
  const why = fault === null ? null : (text.faults[fault] ?? fault);
  return (
    <div className="grid justify-items-start gap-1">
      <span className="flex flex-wrap gap-1.5">
        <Badge tone={isUpNow ? "good" : "danger"}>{isUpNow ? text.up : text.paused}</Badge>
        {isDrained && <Badge tone="warn">{text.isDrained}</Badge>}
      </span>
      {why !== null && (
        <span className="text-[0.89rem] text-muted">
          {isUpNow ? text.lastFailed(why) : why}
          {retry !== null && ` ${text.retryIn(formatWhole(retry))}`}
        </span>
      )}
    </div>
  );
}

function toneOf(upstreams: readonly ConsoleUpstream[], name: string): BadgeTone {
  const upstream = upstreams.find((each) => each.name === name);
  if (upstream?.is_drained) return "warn";
  return upstream?.is_up ? "good" : "danger";
}
