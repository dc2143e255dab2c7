import { ChartNoAxesColumn, Download, ZoomOut } from "lucide-react";
import type { ReactNode } from "react";
import { formatDate, formatUtcDate, formatHour } from "../../format/format.ts";
import { Button } from "../../ui/button.tsx";
import { download } from "../../ui/download.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { SelectField } from "../../ui/field.tsx";
import { seriesColor, StackedBars } from "../../ui/stacked-bars.tsx";
import { Table } from "../../ui/table.tsx";
import { RANGES } from "./range.ts";
import { type Chart, sum } from "./series.ts";
import { text } from "./text.ts";
import { toCsv } from "./to-csv.ts";
import type { ReportTime } from "./use-report-span.ts";

export function ReportControls({
  time: { range, chooseRange, leaveZoom },
  group,
  groups,
  onGroup,
}: {
  readonly time: ReportTime;
  readonly group: string;
  readonly groups: readonly string[];
  readonly onGroup: (group: string) => void;
}) {
  return (
    <div className="mb-4 flex flex-wrap gap-2">
      <SelectField
        label={text.range}
        isLabelHidden
        className="w-36"
        choices={RANGES.map(({ id, label }) => ({ value: id, label }))}
        value={range.id}
        onChange={(event) => chooseRange(RANGES.find(({ id }) => id === event.target.value) ?? range)}
      />
      <SelectField
        label={text.groupBy}
        isLabelHidden
        className="w-44"
        choices={groups.map((value) => ({ value, label: text.groups[value] ?? value }))}
        value={group}
        onChange={(event) => onGroup(event.target.value)}
      />
      {leaveZoom && (
        <Button className="h-9.5" onClick={leaveZoom}>
          <ZoomOut size={15} aria-hidden />
          {text.leaveZoom}
        </Button>
      )}
    </div>
  );
}

/** The chart, its legend, and the same figures as a table that can be taken along. */
export function ReportView({
  title,
  chart,
  time,
  format,
  tiles,
}: {
  readonly title: string;
  readonly chart: Chart;
  readonly time: ReportTime;
  readonly format: (value: number) => string;
  readonly tiles: ReactNode;
}) {
  const { times, series } = chart;
  const isDaily = time.span.width === "1d";
  const names = times.map(({ startingAt }) => (isDaily ? formatUtcDate(startingAt) : formatHour(startingAt)));
  const isEmpty = series.every(({ values }) => values.every((value) => value === 0));
  const rows = times.flatMap((_, bar) => {
    const values = series.map(({ values: each }) => each[bar] ?? 0);
    return sum(values) === 0 ? [] : [{ name: names[bar] ?? "", bar, values }];
  });
  /** From the beginning of one bucket to the end of another. */
  function zoom(first: number, last: number): void {
    const [from, to] = [times[first], times[last]];
    if (from && to) time.zoom(from.startingAt, to.endingAt);
  }
  return (
    <div className="grid gap-4">
      <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">{tiles}</div>
      <section className="panel p-4" aria-label={title}>
        {isEmpty ? (
          <EmptyState icon={ChartNoAxesColumn} title={text.emptyTitle}>
            {text.empty}
          </EmptyState>
        ) : (
          <>
            <StackedBars
              label={text.chart(title, formatDate(times[0]?.startingAt ?? 0), formatDate(times.at(-1)?.endingAt ?? 0))}
              names={names}
              series={series}
              format={format}
              onZoom={zoom}
            />
            <p className="mt-1 ps-[52px] text-[0.89rem] text-muted max-md:hidden">{text.zoomHint}</p>
            <ul className="mt-2 flex flex-wrap gap-x-5 gap-y-1 ps-[52px] text-[0.93rem]">
              {series.map(({ name }, index) => (
                <li key={name} className="flex items-center gap-2">
                  <span aria-hidden className="size-2.5 rounded-sm" style={{ background: seriesColor(index) }} />
                  {name}
                </li>
              ))}
            </ul>
          </>
        )}
      </section>
      {!isEmpty && (
        <section className="panel overflow-hidden" aria-label={text.table}>
          <div className="flex items-center justify-between border-b border-line py-2 ps-4 pe-2.5">
            <h2 className="font-semibold">{text.table}</h2>
            <Button
              size="small"
              onClick={() => download(`${title.toLowerCase()}.csv`, new Blob([toCsv(chart)], { type: "text/csv" }))}
            >
              <Download size={14} aria-hidden />
              {text.csv}
            </Button>
          </div>
          <div className="max-h-96 overflow-y-auto">
            <Table
              label={text.table}
              rows={rows.toReversed()}
              keyOf={(row) => String(row.bar)}
              columns={[
                {
                  name: isDaily ? text.timeUtc : text.time,
                  cell: (row) =>
                    isDaily ? (
                      <button
                        type="button"
                        className="whitespace-nowrap hover:underline"
                        aria-label={text.zoomInto(row.name)}
                        onClick={() => zoom(row.bar, row.bar)}
                      >
                        {row.name}
                      </button>
                    ) : (
                      <span className="whitespace-nowrap">{row.name}</span>
                    ),
                },
                ...series.map(({ name }, index) => ({
                  name,
                  isNumber: true,
                  cell: (row: (typeof rows)[number]) => format(row.values[index] ?? 0),
                })),
                ...(series.length > 1
                  ? [{ name: text.sum, isNumber: true, cell: (row: (typeof rows)[number]) => format(sum(row.values)) }]
                  : []),
              ]}
            />
          </div>
        </section>
      )}
    </div>
  );
}
