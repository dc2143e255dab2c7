import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type UsageGroup, usageQuery } from "../../api/reports.ts";
import { formatCompact, formatPercent, formatWhole } from "../../format/format.ts";
import { Page } from "../../ui/page.tsx";
import { Tile } from "../../ui/tile.tsx";
import { RANGES, toSpan } from "./range.ts";
import { ReportBody } from "./report-body.tsx";
import { ReportControls, ReportView } from "./report-view.tsx";
import { inputOf, sum, toUsageChart } from "./series.ts";
import { text } from "./text.ts";
import { useGroupNames } from "./use-group-names.ts";

const GROUPS = ["kind", "model", "workspace_id", "api_key_id"];
const MONTH = RANGES.find(({ id }) => id === "month") ?? RANGES[0]!;

export function UsagePage() {
  const [range, setRange] = useState(MONTH);
  const [group, setGroup] = useState("kind");
  const [nowMs] = useState(Date.now);
  const span = useMemo(() => toSpan(range, nowMs), [range, nowMs]);
  const by = group === "kind" ? null : (group as UsageGroup);
  const report = useQuery(usageQuery(span, by));
  const nameOf = useGroupNames();
  const results = report.data?.flatMap((bucket) => bucket.results) ?? [];
  const input = sum(results.map(inputOf));
  const read = sum(results.map((usage) => usage.cache_read_input_tokens));
  return (
    <Page title={text.usage} about={text.usageAbout}>
      <ReportControls range={range} onRange={setRange} group={group} groups={GROUPS} onGroup={setGroup} />
      <ReportBody query={report}>
        {(data) => (
          <ReportView
            title={text.usage}
            chart={toUsageChart(data, by, nameOf)}
            range={range}
            format={formatCompact}
            tiles={
              <>
                <Tile name={text.inputTotal} value={formatWhole(input)} />
                <Tile name={text.cacheShare} value={formatPercent(input === 0 ? 0 : read / input)} hint={text.cacheShareHint} />
                <Tile name={text.outputTotal} value={formatWhole(sum(results.map((usage) => usage.output_tokens)))} />
              </>
            }
          />
        )}
      </ReportBody>
    </Page>
  );
}
