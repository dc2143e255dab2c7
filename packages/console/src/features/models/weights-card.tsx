import type { ConsoleWeights, ModelInfo } from "@parley/wire";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Download, Power, PowerOff, Square } from "lucide-react";
import { actOnModel, consoleModelsQuery, type ModelAction } from "../../api/models.ts";
import { formatBytes, formatPercent } from "../../format/format.ts";
import { Badge, type BadgeTone } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { ProgressBar } from "../../ui/progress-bar.tsx";
import { EngineFacts } from "./engine-facts.tsx";
import { ModelNames } from "./model-names.tsx";
import { text } from "./text.ts";

/** One set of weights: where it stands, what it takes, what it does now, and what can be done with it. */
export function WeightsCard({
  weights,
  names,
  maySteer,
}: {
  readonly weights: ConsoleWeights;
  readonly names: readonly ModelInfo[];
  readonly maySteer: boolean;
}) {
  const { title, engine, pull, load_fault: loadFault } = weights;
  const [first] = names;
  return (
    <section className="panel p-5" aria-label={title}>
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <div className="flex flex-wrap items-center gap-2">
            <h3 className="text-[1.08rem] font-semibold tracking-tight break-words">{title}</h3>
            <Badge tone={toneOf(weights)}>{stateOf(weights)}</Badge>
          </div>
          <p className="mt-0.5 text-muted">
            {[formatBytes(weights.bytes), weights.license, ...(first ? abilitiesOf(first) : [])].filter(Boolean).join(" · ")}
          </p>
        </div>
        {maySteer && <Actions weights={weights} />}
      </div>
      {engine?.state === "loading" && (
        <div className="mt-4">
          <ProgressBar share={engine.load_progress} label={text.loadProgress(title)} />
        </div>
      )}
      {pull && <PullProgress title={title} pull={pull} />}
      {loadFault !== null && (
        <p role="alert" className="mt-4 rounded-lg bg-danger-soft px-3.5 py-2.5 text-danger">
          {loadFault}
        </p>
      )}
      <EngineFacts weights={weights} />
      {names.length > 0 && <ModelNames models={names} />}
    </section>
  );
}

function Actions({ weights: { name, title, engine, pull, is_installed: isInstalled } }: { readonly weights: ConsoleWeights }) {
  const queryClient = useQueryClient();
  const act = useMutation({
    mutationFn: (action: ModelAction) => actOnModel(name, action),
    onSettled: () => queryClient.invalidateQueries({ queryKey: consoleModelsQuery.queryKey }),
  });
  const isPulling = pull?.status === "running";
  return (
    <div className="grid justify-items-end gap-2">
      {isInstalled &&
        (engine === null ? (
          <Button isBusy={act.isPending} aria-label={text.loadOf(title)} onClick={() => act.mutate("load")}>
            <Power size={15} aria-hidden />
            {text.load}
          </Button>
        ) : (
          <Button
            isBusy={act.isPending}
            disabled={engine.state !== "ready"}
            aria-label={text.unloadOf(title)}
            onClick={() => act.mutate("unload")}
          >
            <PowerOff size={15} aria-hidden />
            {text.unload}
          </Button>
        ))}
      {!isInstalled &&
        (isPulling ? (
          <Button isBusy={act.isPending} aria-label={text.stopOf(title)} onClick={() => act.mutate("stop-pull")}>
            <Square size={12} fill="currentColor" aria-hidden />
            {text.stop}
          </Button>
        ) : (
          <Button isBusy={act.isPending} aria-label={text.pullOf(title)} onClick={() => act.mutate("pull")}>
            <Download size={15} aria-hidden />
            {pull ? text.resume : text.pull}
          </Button>
        ))}
      {act.error && <ErrorNote error={act.error} />}
    </div>
  );
}

function PullProgress({ title, pull }: { readonly title: string; readonly pull: NonNullable<ConsoleWeights["pull"]> }) {
  if (pull.status === "failed") {
    return (
      <div role="alert" className="mt-4 rounded-lg bg-danger-soft px-3.5 py-2.5 text-danger">
        <p>{text.pullFault}</p>
        {pull.fault !== null && <p className="mt-1 font-mono text-[0.9rem] break-words whitespace-pre-wrap">{pull.fault}</p>}
      </div>
    );
  }
  const share = pull.done_bytes / pull.total_bytes;
  return (
    <div className="mt-4 grid gap-1.5">
      <ProgressBar share={share} label={text.pullProgress(title)} />
      <p className="flex flex-wrap justify-between gap-x-4 text-[0.93rem] text-muted tabular-nums">
        <span>
          {text.phases[pull.phase]}: {text.doneOf(formatBytes(pull.done_bytes), formatBytes(pull.total_bytes))} (
          {formatPercent(Math.floor(share * 100) / 100)})
        </span>
        {pull.bytes_per_second !== null && <span>{text.speedOf(formatBytes(pull.bytes_per_second))}</span>}
      </p>
    </div>
  );
}

function stateOf({ engine, pull, is_installed: isInstalled }: ConsoleWeights): string {
  if (engine) return text.states[engine.state];
  if (isInstalled) return text.onDisk;
  if (pull) return pull.status === "running" ? text.fetching : text.failed;
  return text.notHere;
}

function toneOf({ engine, pull }: ConsoleWeights): BadgeTone {
  if (engine?.state === "ready") return "good";
  if (engine?.state === "waiting-to-restart" || pull?.status === "failed") return "danger";
  return engine || pull ? "accent" : "neutral";
}

function abilitiesOf({ capabilities }: ModelInfo): readonly string[] {
  if (capabilities === null) return [];
  const supported = Object.entries(capabilities).filter(([, support]) => support.supported);
  return supported.flatMap(([name]) => text.abilities[name] ?? []);
}
