import type { BucketWidth, ReportSpan } from "../../api/reports.ts";
import { text } from "./text.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** As many hours as a chart shows well; what is longer is shown by the day. */
const HOURS_MAX = 168;

export interface Range {
  readonly id: "day" | "week" | "month" | "quarter" | "year";
  readonly label: string;
  readonly width: BucketWidth;
  readonly buckets: number;
}

export const RANGES: readonly Range[] = [
  { id: "day", label: text.ranges.day, width: "1h", buckets: 24 },
  { id: "week", label: text.ranges.week, width: "1h", buckets: 168 },
  { id: "month", label: text.ranges.month, width: "1d", buckets: 30 },
  { id: "quarter", label: text.ranges.quarter, width: "1d", buckets: 90 },
  { id: "year", label: text.ranges.year, width: "1d", buckets: 365 },
];

/** From whole buckets back to the end of the one that is under way. Days are days of UTC, as the reports count them. */
export function toSpan({ width, buckets }: Range, nowMs: number): ReportSpan {
  const sizeMs = width === "1h" ? HOUR_MS : DAY_MS;
  const endMs = (Math.floor(nowMs / sizeMs) + 1) * sizeMs;
  return { from: toTime(endMs - buckets * sizeMs), to: toTime(endMs), width };
}

/** A part of a report, by the finest width that its length allows. */
export function toZoomedSpan(from: string, to: string): ReportSpan {
  const hours = (Date.parse(to) - Date.parse(from)) / HOUR_MS;
  return {
    from: toTime(Date.parse(from)),
    to: toTime(Date.parse(to)),
    width: hours <= HOURS_MAX ? "1h" : "1d",
  };
}

const toTime = (ms: number): string => new Date(ms).toISOString().replace(".000", "");
