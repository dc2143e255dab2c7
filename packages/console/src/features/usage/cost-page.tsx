import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type BucketWidth, type CostGroup, costQuery, type ReportSpan } from "../../api/reports.ts";
import { formatDollars } from "../../format/format.ts";
import { Page } from "../../ui/page.tsx";
import { Tile } from "../../ui/tile.tsx";
import { RANGES, toSpan, toZoomedSpan } from "./range.ts";
import { ReportBody } from "./report-body.tsx";
import { ReportControls, ReportView } from "./report-view.tsx";
import { dollarsOf, sum, toCostChart } from "./series.ts";
import { text } from "./text.ts";
import { useGroupNames } from "./use-group-names.ts";

const WIDTHS: readonly BucketWidth[] = ["1d"];
const GROUPS = ["none", "description", "workspace_id"];
/** Costs are counted by the day. */
const DAILY = RANGES.filter(({ width }) => width === "1d");

export function CostPage() {
  const [range, setRange] = useState(DAILY[0]!);
  const [zoomed, setZoomed] = useState<ReportSpan | null>(null);
  const [group, setGroup] = useState("none");
  const [nowMs] = useState(Date.now);
  const span = useMemo(() => zoomed ?? toSpan(range, nowMs), [zoomed, range, nowMs]);
  const by = group === "none" ? null : (group as CostGroup);
  const report = useQuery(costQuery(span, by));
  const nameOf = useGroupNames();
  const total = sum((report.data ?? []).flatMap((bucket) => bucket.results).map(dollarsOf));
  return (
    <Page title={text.cost} about={text.costAbout}>
      <ReportControls
        range={range}
        onRange={(next) => {
          setZoomed(null);
          setRange(next);
        }}
        onLeaveZoom={zoomed && (() => setZoomed(null))}
        ranges={DAILY}
        group={group}
        groups={GROUPS}
        onGroup={setGroup}
      />
      <ReportBody query={report}>
        {(data) => (
          <ReportView
            title={text.cost}
            chart={toCostChart(data, by, nameOf)}
            width={span.width}
            hasHours={false}
            onZoom={(from, to) => setZoomed(toZoomedSpan(from, to, WIDTHS))}
            format={formatDollars}
            tiles={<Tile name={text.totalCost} value={formatDollars(total)} />}
          />
        )}
      </ReportBody>
    </Page>
  );
}
