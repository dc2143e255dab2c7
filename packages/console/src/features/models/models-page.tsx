import type { ModelInfo } from "@parley/wire";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Boxes } from "lucide-react";
import { modelsQuery } from "../../api/models.ts";
import { formatWhole } from "../../format/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { buttonClass } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { Page } from "../../ui/page.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { groupByWeights, type WeightsGroup } from "./group-by-weights.ts";
import { text } from "./text.ts";

export function ModelsPage() {
  const { data: models, error, isPending, refetch } = useQuery(modelsQuery);
  return (
    <Page title={text.title} about={text.about}>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {isPending && (
        <div className="panel">
          <SkeletonRows rows={3} rowClass="h-16" />
        </div>
      )}
      {models?.length === 0 && (
        <div className="panel">
          <EmptyState icon={Boxes} title={text.emptyTitle} action={<CodeBlock code={text.command} label={text.commandLabel} />}>
            {text.empty}
          </EmptyState>
        </div>
      )}
      <div className="grid gap-4">
        {models && groupByWeights(models).map((group) => <Weights key={group.weights} group={group} />)}
      </div>
    </Page>
  );
}

function Weights({ group: { weights, models } }: { readonly group: WeightsGroup }) {
  const [first] = models;
  if (!first) return null;
  const facts = [
    [text.context, count(first.max_input_tokens)],
    [text.output, count(first.max_tokens)],
  ];
  return (
    <section className="panel p-5" aria-label={weights}>
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div>
          <h2 className="text-[1.15rem] font-semibold tracking-tight">{weights}</h2>
          <p className="mt-1.5 flex flex-wrap gap-1.5">
            {abilitiesOf(first).map((ability) => (
              <Badge key={ability} tone="accent">
                {ability}
              </Badge>
            ))}
          </p>
        </div>
        <dl className="flex gap-8">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt className="text-[0.93rem] text-muted">{name}</dt>
              <dd className="text-[1.15rem] font-semibold tabular-nums">{value}</dd>
            </div>
          ))}
        </dl>
      </div>
      <h3 className="mt-5 mb-1.5 text-[0.93rem] text-muted">{text.names}</h3>
      <ul className="grid grid-cols-[minmax(0,1fr)] gap-x-6 sm:grid-cols-2 xl:grid-cols-3">
        {models.map(({ id, lifecycle }) => (
          <li key={id} className="flex items-center gap-1 border-b border-line py-0.5">
            <code className="min-w-0 flex-1 truncate font-mono text-[0.93rem]" title={id}>
              {id}
            </code>
            {lifecycle !== "active" && <Badge tone="warn">{text.lifecycles[lifecycle]}</Badge>}
            <CopyButton value={id} label={text.copy(id)} />
            <Link
              to="/workbench"
              search={{ model: id }}
              className={buttonClass("quiet", "small")}
              aria-label={text.tryItWith(id)}
            >
              {text.tryIt}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

const count = (tokens: number | null): string => (tokens === null ? "–" : formatWhole(tokens));

function abilitiesOf({ capabilities }: ModelInfo): readonly string[] {
  if (capabilities === null) return [];
  const supported = Object.entries(capabilities).filter(([, support]) => support.supported);
  return supported.flatMap(([name]) => text.abilities[name] ?? []);
}
