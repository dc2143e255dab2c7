import type { MessagesUsageReport } from "@parley/wire";
import type { Cost, CostBucket, CostGroup, UsageGroup } from "../../api/reports.ts";
import { text } from "./text.ts";

/** What a chart and its table show: for each series one value a bucket. */
export interface Chart {
  readonly times: readonly { readonly startingAt: string; readonly endingAt: string }[];
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
}

export type UsageBucket = MessagesUsageReport["data"][number];
type Usage = UsageBucket["results"][number];

/** As many colours as can be told apart; the rest is one series. */
const SERIES_MAX = 6;

const KINDS: readonly (readonly [string, (usage: Usage) => number])[] = [
  [text.kinds.uncached, (usage) => usage.uncached_input_tokens],
  [text.kinds.written, writtenOf],
  [text.kinds.read, (usage) => usage.cache_read_input_tokens],
  [text.kinds.output, (usage) => usage.output_tokens],
];

export const inputOf = (usage: Usage): number => usage.uncached_input_tokens + usage.cache_read_input_tokens + writtenOf(usage);

export function toUsageChart(
  buckets: readonly UsageBucket[],
  group: UsageGroup | null,
  nameOf: (group: UsageGroup, id: string | null) => string,
): Chart {
  if (group !== null) {
    return stack(
      buckets,
      (usage) => nameOf(group, usage[group]),
      (usage) => inputOf(usage) + usage.output_tokens,
    );
  }
  const series = KINDS.map(([name, count]) => ({ name, values: buckets.map((bucket) => sum(bucket.results.map(count))) }));
  return { times: toTimes(buckets), series };
}

/** In dollars. */
export function toCostChart(
  buckets: readonly CostBucket[],
  group: CostGroup | null,
  nameOf: (group: CostGroup, id: string | null) => string,
): Chart {
  return stack(buckets, (cost) => (group === null ? text.totalCost : nameOf(group, cost.group[group])), dollarsOf);
}

export const dollarsOf = ({ cost }: Cost): number => Number(cost.amount) / 100;

/** One series for each name, the largest first, the small ones together. */
function stack<Result>(
  buckets: readonly { readonly starting_at: string; readonly ending_at: string; readonly results: readonly Result[] }[],
  nameOf: (result: Result) => string,
  valueOf: (result: Result) => number,
): Chart {
  const totals = new Map<string, number>();
  for (const result of buckets.flatMap((bucket) => bucket.results)) {
    totals.set(nameOf(result), (totals.get(nameOf(result)) ?? 0) + valueOf(result));
  }
  const names = [...totals].sort(([, a], [, b]) => b - a).map(([name]) => name);
  const own = names.length > SERIES_MAX ? names.slice(0, SERIES_MAX - 1) : names;
  const seriesOf = (name: string) => (own.includes(name) ? name : text.other);
  const shown = own.length < names.length ? [...own, text.other] : own;
  const series = shown.map((name) => ({
    name,
    values: buckets.map((bucket) => sum(bucket.results.filter((result) => seriesOf(nameOf(result)) === name).map(valueOf))),
  }));
  return { times: toTimes(buckets), series };
}

function writtenOf({ cache_creation: written }: Usage): number {
  return written.ephemeral_1h_input_tokens + written.ephemeral_5m_input_tokens;
}

const toTimes = (buckets: readonly { readonly starting_at: string; readonly ending_at: string }[]) =>
  buckets.map((bucket) => ({ startingAt: bucket.starting_at, endingAt: bucket.ending_at }));

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
