import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type UsageGroup, usageQuery } from "../../api/reports.ts";
import { formatCompact, formatPercent, formatWhole } from "../../format/format.ts";
import { Page } from "../../ui/page.tsx";
import { Tile } from "../../ui/tile.tsx";
import { ReportBody } from "./report-body.tsx";
import { ReportControls, ReportView } from "./report-view.tsx";
import { inputOf, sum, toUsageChart } from "./series.ts";
import { text } from "./text.ts";
import { useGroupNames } from "./use-group-names.ts";
import { useReportSpan } from "./use-report-span.ts";

const GROUPS = ["kind", "model", "workspace_id", "api_key_id"];

export function UsagePage() {
  const time = useReportSpan();
  const [group, setGroup] = useState("kind");
  const by = group === "kind" ? null : (group as UsageGroup);
  const report = useQuery(usageQuery(time.span, by));
  const nameOf = useGroupNames();
  const results = report.data?.flatMap((bucket) => bucket.results) ?? [];
  const input = sum(results.map(inputOf));
  const output = sum(results.map((usage) => usage.output_tokens));
  const ofBatches = sum(
    results.filter((usage) => usage.service_tier === "batch").map((usage) => inputOf(usage) + usage.output_tokens),
  );
  const read = sum(results.map((usage) => usage.cache_read_input_tokens));
  return (
    <Page title={text.usage} about={text.usageAbout}>
      <ReportControls time={time} group={group} groups={GROUPS} onGroup={setGroup} />
      <ReportBody query={report}>
        {(data) => (
          <ReportView
            title={text.usage}
            chart={toUsageChart(data, by, nameOf)}
            time={time}
            format={formatCompact}
            tiles={
              <>
                <Tile name={text.inputTotal} value={formatWhole(input)} />
                <Tile name={text.cacheShare} value={formatPercent(input === 0 ? 0 : read / input)} hint={text.cacheShareHint} />
                <Tile name={text.outputTotal} value={formatWhole(output)} />
                <Tile
                  name={text.batchShare}
                  value={formatPercent(input + output === 0 ? 0 : ofBatches / (input + output))}
                  hint={text.batchShareHint}
                />
              </>
            }
          />
        )}
      </ReportBody>
    </Page>
  );
}
