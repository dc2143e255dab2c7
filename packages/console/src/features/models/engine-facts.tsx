import type { ConsoleWeights } from "@parley/wire";
import type { ReactNode } from "react";
import { formatBytes, formatWhole } from "../../format/format.ts";
import { classNames } from "../../ui/class-names.ts";
import { text } from "./text.ts";

/** What the model does now, and what memory it takes, or would take. */
export function EngineFacts({ weights: { title, engine, plan } }: { readonly weights: ConsoleWeights }) {
  if (!plan && !engine) return null;
  return (
    <div className="mt-4 grid gap-x-8 gap-y-4 md:grid-cols-2">
      <dl className="grid content-start gap-1.5">
        {engine?.state === "ready" && (
          <>
            <Fact name={text.slotsLine}>
              <Slots busy={engine.slots_busy} slots={engine.slots} />
              {text.slotsBusy(formatWhole(engine.slots_busy), formatWhole(engine.slots))}
            </Fact>
            <Fact name={text.queue}>{formatWhole(engine.queued)}</Fact>
            <Fact name={text.speedLine}>{text.tokensPerSecond(formatWhole(engine.tokens_per_second))}</Fact>
          </>
        )}
        {plan && <Fact name={text.context}>{text.contextTokens(formatWhole(plan.context_tokens))}</Fact>}
        {engine && engine.kind !== null && (
          <Fact name={text.engine}>
            {engine.kind}
            {engine.crashes > 0 && <span className="text-warn">{text.crashes(formatWhole(engine.crashes))}</span>}
          </Fact>
        )}
      </dl>
      {plan && <Memory title={title} plan={plan} isLoaded={engine !== null} />}
    </div>
  );
}

const PARTS = [
  { key: "weights", tone: "bg-[var(--chart-1)]" },
  { key: "kv", tone: "bg-[var(--chart-2)]" },
  { key: "compute", tone: "bg-[var(--chart-4)]" },
] as const;

function Memory({
  title,
  plan,
  isLoaded,
}: {
  readonly title: string;
  readonly plan: NonNullable<ConsoleWeights["plan"]>;
  readonly isLoaded: boolean;
}) {
  const bytesOf = { weights: plan.weights_bytes, kv: plan.kv_bytes, compute: plan.compute_bytes };
  return (
    <div>
      <div className="flex justify-between gap-3">
        <span className="text-muted">{text.memory}</span>
        <span className="font-medium tabular-nums">{formatBytes(plan.total_bytes)}</span>
      </div>
      <div role="img" aria-label={text.memoryPlan(title)} className="mt-1.5 flex h-2 gap-0.5 overflow-hidden rounded-full">
        {PARTS.map(({ key, tone }) => (
          <div key={key} className={tone} style={{ flexGrow: bytesOf[key] }} />
        ))}
      </div>
      <ul className="mt-1.5 flex flex-wrap gap-x-4 text-[0.93rem] text-muted tabular-nums">
        {PARTS.map(({ key, tone }) => (
          <li key={key} className="flex items-center gap-1.5">
            <span className={classNames("size-2 rounded-full", tone)} aria-hidden />
            {text.memoryParts[key]} {formatBytes(bytesOf[key])}
          </li>
        ))}
      </ul>
      {!isLoaded && !plan.fits && <p className="mt-1.5 text-[0.93rem] text-warn">{text.noFit}</p>}
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="grid grid-cols-[6rem_minmax(0,1fr)] gap-3">
      <dt className="text-muted">{name}</dt>
      <dd className="flex flex-wrap items-center gap-2 tabular-nums">{children}</dd>
    </div>
  );
}

const SLOTS_SHOWN_MAX = 16;

/** One mark for each slot, as far as they can be told apart. */
function Slots({ busy, slots }: { readonly busy: number; readonly slots: number }) {
  if (slots > SLOTS_SHOWN_MAX) return null;
  return (
    <span className="flex gap-1" aria-hidden>
      {Array.from({ length: slots }, (_, index) => (
        <span key={index} className={classNames("size-2.5 rounded-[3px]", index < busy ? "bg-accent" : "bg-hover")} />
      ))}
    </span>
  );
}
