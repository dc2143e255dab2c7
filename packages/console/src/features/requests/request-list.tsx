import type { LoggedRequest } from "@parley/wire";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { formatDateTime, formatDuration, formatMoment, formatWhole } from "../../format/format.ts";
import { classNames } from "../../ui/class-names.ts";
import { useWindowedRows } from "../../ui/use-windowed-rows.ts";
import { promptTokens, tokensPerSecond } from "./figures.ts";
import { StatusBadge } from "./status-badge.tsx";
import { text } from "./text.ts";

const ROW_PX = 44;
/** Rows before the end at which the next page is asked for: it is there before the reader is. */
const AHEAD_ROWS = 60;

interface Cell {
  readonly name: string;
  readonly className: string;
  readonly of: (request: LoggedRequest) => string;
}

const NUMBER = "text-end tabular-nums";
const WIDE = "hidden md:block";

const FIGURES: readonly Cell[] = [
  {
    name: text.input,
    className: `${NUMBER} ${WIDE}`,
    of: ({ usage }) => (usage ? formatWhole(promptTokens(usage)) : text.notApplicable),
  },
  {
    name: text.cached,
    className: `${NUMBER} ${WIDE}`,
    of: ({ usage }) => (usage ? formatWhole(usage.cache_read_input_tokens) : text.notApplicable),
  },
  {
    name: text.output,
    className: `${NUMBER} ${WIDE}`,
    of: ({ usage }) => (usage ? formatWhole(usage.output_tokens) : text.notApplicable),
  },
  {
    name: text.speed,
    className: `${NUMBER} ${WIDE}`,
    of: (request) => {
      const speed = tokensPerSecond(request);
      return speed === null ? text.notApplicable : formatWhole(Math.round(speed));
    },
  },
  { name: text.duration, className: NUMBER, of: ({ duration_ms: ms }) => formatDuration(ms) },
];

const GRID =
  "grid grid-cols-[minmax(0,1fr)_auto_4.5rem] items-center gap-x-4 px-4 md:grid-cols-[10.5rem_minmax(0,1fr)_8rem_4rem_5.5rem_4rem_4.5rem_4.5rem]";

/** Any number of requests: those near the screen are drawn, older ones are fetched before they are reached. */
export function RequestList({ rows, onNearEnd }: { readonly rows: readonly LoggedRequest[]; readonly onNearEnd: () => void }) {
  const { box, heightPx, first, end } = useWindowedRows(rows.length, ROW_PX);
  const isNearEnd = end + AHEAD_ROWS >= rows.length;
  useEffect(() => {
    if (isNearEnd) onNearEnd();
  }, [isNearEnd, onNearEnd]);
  return (
    <div role="table" aria-label={text.list} aria-rowcount={rows.length + 1}>
      <div role="rowgroup">
        <div
          role="row"
          aria-rowindex={1}
          className={classNames(GRID, "h-10 border-b border-line text-[0.89rem] font-medium text-muted")}
        >
          <span role="columnheader" className={WIDE}>
            {text.time}
          </span>
          <span role="columnheader">{text.model}</span>
          <span role="columnheader">{text.status}</span>
          {FIGURES.map(({ name, className }) => (
            <span key={name} role="columnheader" className={className}>
              {name}
            </span>
          ))}
        </div>
      </div>
      <div role="rowgroup" ref={box} className="relative" style={{ height: heightPx }}>
        {rows.slice(first, end).map((request, index) => (
          <Row key={request.id} request={request} place={first + index} />
        ))}
      </div>
    </div>
  );
}

function Row({ request, place }: { readonly request: LoggedRequest; readonly place: number }) {
  return (
    <div
      role="row"
      aria-rowindex={place + 2}
      className={classNames(
        GRID,
        "absolute inset-x-0 border-b border-line transition-colors focus-within:bg-hover/60 hover:bg-hover/45",
      )}
      style={{ height: ROW_PX, transform: `translateY(${place * ROW_PX}px)` }}
    >
      <span role="cell" className={classNames(WIDE, "whitespace-nowrap")}>
        <time dateTime={request.started_at} title={formatDateTime(request.started_at)}>
          {formatMoment(request.started_at)}
        </time>
      </span>
      <span role="cell" className="min-w-0">
        <Link
          to="/requests/$requestId"
          params={{ requestId: request.id }}
          preload={false}
          className="block truncate font-medium after:absolute after:inset-0"
        >
          {request.model ?? text.unknownModel}
        </Link>
        <time dateTime={request.started_at} className="block truncate text-[0.86rem] text-muted md:hidden">
          {formatMoment(request.started_at)}
        </time>
      </span>
      <span role="cell">
        <StatusBadge request={request} />
      </span>
      {FIGURES.map(({ name, className, of }) => (
        <span key={name} role="cell" className={className}>
          {of(request)}
        </span>
      ))}
    </div>
  );
}
