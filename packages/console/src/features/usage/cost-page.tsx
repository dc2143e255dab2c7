import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type CostGroup, costQuery } from "../../api/reports.ts";
import { formatDollars } from "../../format/format.ts";
import { Page } from "../../ui/page.tsx";
import { Tile } from "../../ui/tile.tsx";
import { ReportBody } from "./report-body.tsx";
import { ReportControls, ReportView } from "./report-view.tsx";
import { dollarsOf, sum, toCostChart } from "./series.ts";
import { text } from "./text.ts";
import { useGroupNames } from "./use-group-names.ts";
import { useReportSpan } from "./use-report-span.ts";

const GROUPS = ["none", "model", "token_type", "workspace_id", "api_key_id"];

export function CostPage() {
  const time = useReportSpan();
  const [group, setGroup] = useState("none");
  const by = group === "none" ? null : (group as CostGroup);
  const report = useQuery(costQuery(time.span, by));
  const nameOf = useGroupNames();
  const total = sum((report.data ?? []).flatMap((bucket) => bucket.results).map(dollarsOf));
  return (
    <Page title={text.cost} about={text.costAbout}>
      <ReportControls time={time} group={group} groups={GROUPS} onGroup={setGroup} />
      <ReportBody query={report}>
        {(data) => (
          <ReportView
            title={text.cost}
            chart={toCostChart(data, by, nameOf)}
            time={time}
            format={formatDollars}
            tiles={<Tile name={text.totalCost} value={formatDollars(total)} />}
          />
        )}
      </ReportBody>
    </Page>
  );
}
