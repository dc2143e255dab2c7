import type { LoggedRequest } from "@parley/wire";
import { formatDuration } from "../../format/format.ts";
import { type Phase, placePhases } from "./figures.ts";
import { text } from "./text.ts";

const COLORS: Readonly<Record<Phase, string>> = {
  auth: "var(--chart-6)",
  read: "var(--chart-6)",
  limits: "var(--chart-6)",
  render: "var(--chart-4)",
  queue: "var(--chart-5)",
  cached: "var(--chart-3)",
  prefill: "var(--chart-2)",
  decode: "var(--chart-1)",
};
/** What took next to nothing still leaves a mark. */
const SHARE_MIN = 0.004;

/** The phases one below the other, each where it began and as long as it took. The bars are for the eye; the figures say it too. */
export function Waterfall({
  timings,
  labelledBy,
}: {
  readonly timings: NonNullable<LoggedRequest["timings_ms"]>;
  /** The heading's id. */
  readonly labelledBy: string;
}) {
  const phases = placePhases(timings);
  const last = phases.at(-1);
  const totalMs = last ? last.startMs + last.durationMs : 0;
  const share = (ms: number): string => `${(100 * ms) / Math.max(totalMs, Number.EPSILON)}%`;
  return (
    <ol aria-labelledby={labelledBy} className="grid gap-2.5">
      {phases.map(({ phase, startMs, durationMs }) => (
        <li
          key={phase}
          className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 sm:grid-cols-[10.5rem_minmax(0,1fr)_4.5rem]"
        >
          <span className="text-muted">{text.phases[phase]}</span>
          <span
            className="relative order-last col-span-2 h-2.5 rounded-sm bg-sunken sm:order-none sm:col-span-1 sm:h-3.5"
            aria-hidden
          >
            <span
              className="absolute inset-y-0 rounded-sm"
              style={{
                left: `min(${share(startMs)}, ${100 * (1 - SHARE_MIN)}%)`,
                width: share(Math.max(durationMs, SHARE_MIN * totalMs)),
                background: COLORS[phase],
              }}
            />
          </span>
          <span className="text-end whitespace-nowrap tabular-nums">{formatDuration(durationMs)}</span>
        </li>
      ))}
    </ol>
  );
}
