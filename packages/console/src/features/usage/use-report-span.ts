import { useMemo, useState } from "react";
import type { ReportSpan } from "../../api/reports.ts";
import { RANGES, toSpan, toZoomedSpan } from "./range.ts";

const MONTH = RANGES.find(({ id }) => id === "month") ?? RANGES[0]!;

/** What time a report is of: one of the ranges up to now, or a part of it that somebody looks closer at. */
export function useReportSpan() {
  const [range, setRange] = useState(MONTH);
  const [zoomed, setZoomed] = useState<ReportSpan | null>(null);
  const [nowMs] = useState(Date.now);
  const span = useMemo(() => zoomed ?? toSpan(range, nowMs), [zoomed, range, nowMs]);
  const chooseRange = (next: typeof range): void => {
    setZoomed(null);
    setRange(next);
  };
  return {
    span,
    range,
    chooseRange,
    zoom: (from: string, to: string) => setZoomed(toZoomedSpan(from, to)),
    /** Null: everything is shown. */
    leaveZoom: zoomed && (() => setZoomed(null)),
  };
}

export type ReportTime = ReturnType<typeof useReportSpan>;
