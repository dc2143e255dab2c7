import type { ConsoleModels, ConsoleWeights } from "@parley/wire";
import { useQuery } from "@tanstack/react-query";
import { Boxes } from "lucide-react";
import { consoleModelsQuery, modelsQuery } from "../../api/models.ts";
import { may, useSession } from "../../app/use-session.ts";
import { formatBytes, formatWhole } from "../../format/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { Page } from "../../ui/page.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { Tile } from "../../ui/tile.tsx";
import { groupByWeights } from "./group-by-weights.ts";
import { text } from "./text.ts";
import { Upstreams } from "./upstreams.tsx";
import { WeightsCard } from "./weights-card.tsx";

export function ModelsPage() {
  const { data: state, error, refetch } = useQuery(consoleModelsQuery);
  // Who may not use models may see what there is.
  const { data: models } = useQuery({ ...modelsQuery, enabled: may(useSession(), "use_models") });
  const groups = groupByWeights(models ?? []);
  const namesOf = ({ title }: ConsoleWeights) => groups.find(({ weights }) => weights === title)?.models ?? [];
  const installed = state?.weights.filter((weights) => weights.is_installed) ?? [];
  const available = state?.weights.filter((weights) => !weights.is_installed) ?? [];
  return (
    <Page title={text.title} about={text.about}>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {!state && !error && (
        <div className="panel">
          <SkeletonRows rows={4} rowClass="h-16" />
        </div>
      )}
      {state && (
        <div className="grid gap-7">
          <Figures state={state} />
          {installed.length === 0 && (
            <div className="panel">
              <EmptyState icon={Boxes} title={text.emptyTitle}>
                {text.empty}
              </EmptyState>
            </div>
          )}
          <Section title={text.installed} weights={installed} namesOf={namesOf} maySteer={state.may_steer} />
          <Families state={state} />
          <Upstreams upstreams={state.upstreams} pools={state.pools} maySteer={state.may_steer} />
          <Section title={text.available} weights={available} namesOf={namesOf} maySteer={state.may_steer} />
        </div>
      )}
    </Page>
  );
}

function Section({
  title,
  weights,
  namesOf,
  maySteer,
}: {
  readonly title: string;
  readonly weights: readonly ConsoleWeights[];
  readonly namesOf: (weights: ConsoleWeights) => Parameters<typeof WeightsCard>[0]["names"];
  readonly maySteer: boolean;
}) {
  if (weights.length === 0) return null;
  return (
    <section aria-label={title}>
      <h2 className="mb-2.5 text-[1.08rem] font-semibold">{title}</h2>
      <div className="grid gap-4">
        {weights.map((each) => (
          <WeightsCard key={each.name} weights={each} names={namesOf(each)} maySteer={maySteer} />
        ))}
      </div>
    </section>
  );
}

function Figures({ state: { weights, memory, snapshots } }: { readonly state: ConsoleModels }) {
  const engines = weights.flatMap(({ engine }) => (engine ? [engine] : []));
  const total = (read: (engine: (typeof engines)[number]) => number) => engines.reduce((sum, engine) => sum + read(engine), 0);
  const queued = total((engine) => engine.queued);
  const slots = text.tiles.slotsOf(formatWhole(total((engine) => engine.slots)));
  return (
    <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      <Tile
        name={text.tiles.speed}
        value={formatWhole(Math.round(total((engine) => engine.tokens_per_second)))}
        hint={text.tiles.speedHint}
      />
      <Tile
        name={text.tiles.slots}
        value={formatWhole(total((engine) => engine.slots_busy))}
        hint={queued > 0 ? `${slots}, ${text.tiles.queued(formatWhole(queued))}` : slots}
      />
      <Tile
        name={text.tiles.memory}
        value={formatBytes(memory.planned_bytes)}
        hint={
          memory.budget_bytes === null
            ? text.tiles.memoryOf(formatBytes(memory.available_bytes))
            : text.tiles.memoryBudget(formatBytes(memory.budget_bytes))
        }
      />
      <Tile
        name={text.tiles.snapshots(formatWhole(snapshots.count))}
        value={formatBytes(snapshots.bytes)}
        hint={text.tiles.snapshotsOf(formatBytes(snapshots.budget_bytes))}
      />
    </div>
  );
}

function Families({ state: { families, weights, pools } }: { readonly state: ConsoleModels }) {
  const titleOf = (name: string) => [...weights, ...pools].find((each) => each.name === name)?.title ?? name;
  return (
    <section aria-label={text.families}>
      <h2 className="text-[1.08rem] font-semibold">{text.families}</h2>
      <p className="mb-2.5 text-muted">{text.familiesAbout}</p>
      <dl className="panel divide-y divide-line">
        {families.map(({ name, weights: answering, is_installed: isInstalled }) => (
          <div
            key={name}
            className="grid grid-cols-[7rem_minmax(0,1fr)] items-center sm:grid-cols-[12rem_minmax(0,1fr)] gap-3 px-4 py-2.5"
          >
            <dt className="font-mono text-[0.93rem]">{name}</dt>
            <dd className="flex flex-wrap items-center gap-2">
              {titleOf(answering)}
              {!isInstalled && <Badge tone="warn">{text.missing}</Badge>}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
