import type { ServerStatus } from "@parley/wire";

export interface View {
  readonly status: ServerStatus;
  /** The look before, for what is told by the second; null: there is none. */
  readonly before: ServerStatus | null;
  /** Why the last look failed; null: it did not. */
  readonly fault: string | null;
  readonly width: number;
  /** Null: as many lines as it takes. */
  readonly height: number | null;
}

const MS_PER_SECOND = 1_000;
const CENTS_PER_USD = 100;
const BAR_WIDTH = 20;

/** What a server is like now, as lines of a terminal. */
export function renderStatus({ status, before, fault, width, height }: View): string[] {
  const { models, today, last_minutes: last } = status;
  const engines = models.weights.flatMap(({ name, engine }) => (engine ? [{ name, ...engine }] : []));
  const total = (read: (engine: (typeof engines)[number]) => number): number =>
    engines.reduce((sum, each) => sum + read(each), 0);
  const waiting = total((engine) => engine.queued) + models.pools.reduce((sum, pool) => sum + pool.queued_turns, 0);
  const rate = rates(status, before);
  const head = [
    `Parley ${status.node}   ${status.at.slice(0, 19).replace("T", " ")} UTC   ${fault === null ? "q quits" : `! ${fault}`}`,
    "",
    `Turns     ${whole(status.turns_running)} running, ${whole(waiting)} waiting   ${rate("turns", "turns/s")}   ${rate("requests", "requests/s")}   ${rate("server_errors", "errors/s")}`,
    `Tokens/s  ${rate("output_tokens", "out")}   ${rate("input_tokens", "in")}   ${rate("cache_read_tokens", "read from the cache")}   ${rate("cache_write_tokens", "written")}`,
    `Cache     ${cacheShare(last)} of the prompts of the last ${last.minutes} minutes; ${whole(models.snapshots.count)} prefixes, ${bytes(models.snapshots.bytes)} of ${bytes(models.snapshots.budget_bytes)}`,
    `Spend     ${usd(today.amount)} today (${whole(today.requests)} turns); ${usd(last.amount)} in the last ${last.minutes} minutes`,
  ];
  const slots = [
    ...section("Models here", engines.length),
    ...engines.map(
      (engine) =>
        `${fit(engine.name, 40)} ${bar(engine.slots_busy, engine.slots)} ${engine.slots_busy}/${engine.slots} slots  ${whole(engine.queued)} waiting  ${engine.tokens_per_second} tok/s  ${engine.state}`,
    ),
  ];
  const upstreams = [
    ...section("Upstreams", models.upstreams.length),
    ...models.upstreams.map(
      (each) =>
        `${fit(each.name, 24)} ${fit(each.kind, 16)} ${fit(standingOf(each), 7)} ${whole(each.running_turns)} turns  ${whole(each.outstanding_tokens)} tokens under way${each.geo === null ? "" : `  ${each.geo}`}${each.fault === null ? "" : `  ${each.fault}`}${each.retry_in_seconds === null ? "" : `, asked again in ${each.retry_in_seconds} s`}`,
    ),
  ];
  const pools = [
    ...section("Pools", models.pools.length),
    ...models.pools.map(
      (pool) =>
        `${fit(pool.name, 24)} ${whole(pool.queued_turns)} waiting  ${pool.targets.map(({ upstream, weight }) => (weight === 1 ? upstream : `${upstream} x${weight}`)).join(", ")}${pool.fallbacks.length === 0 ? "" : `, else ${pool.fallbacks.join(", ")}`}`,
    ),
  ];
  const lines = [...head, ...slots, ...upstreams, ...pools].map((line) => line.slice(0, width));
  if (height === null || lines.length <= height) return lines;
  return [...lines.slice(0, height - 1), `… ${lines.length - height + 1} more lines: make the window taller`.slice(0, width)];
}

type Counter = keyof ServerStatus["counters"];

/** By the second, between two looks at one node: another has counted something else, and one that was started anew nothing yet. */
function rates(now: ServerStatus, before: ServerStatus | null): (counter: Counter, unit: string) => string {
  const seconds = before === null ? 0 : (Date.parse(now.at) - Date.parse(before.at)) / MS_PER_SECOND;
  return (counter, unit) => {
    const count = before === null ? -1 : now.counters[counter] - before.counters[counter];
    if (before?.node !== now.node || seconds <= 0 || count < 0) return `- ${unit}`;
    const perSecond = count / seconds;
    return `${perSecond >= 10 ? whole(Math.round(perSecond)) : perSecond.toFixed(1)} ${unit}`;
  };
}

function cacheShare({ cache_read_tokens: read, input_tokens: input }: ServerStatus["today"]): string {
  return read + input === 0 ? "-" : `${Math.round((100 * read) / (read + input))} %`;
}

function section(title: string, rows: number): string[] {
  return rows === 0 ? [] : ["", title];
}

function bar(part: number, of: number): string {
  const filled = of === 0 ? 0 : Math.round((part / of) * BAR_WIDTH);
  return `[${"#".repeat(filled)}${".".repeat(BAR_WIDTH - filled)}]`;
}

function standingOf({ is_up: isUp, is_drained: isDrained }: ServerStatus["models"]["upstreams"][number]): string {
  if (isDrained) return "drained";
  return isUp ? "up" : "paused";
}

function fit(text: string, width: number): string {
  return (text.length > width ? `${text.slice(0, width - 1)}…` : text).padEnd(width);
}

const whole = (value: number): string => value.toLocaleString("en-US");

function usd(cents: string): string {
  return `$${(Number(cents) / CENTS_PER_USD).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 4 })}`;
}

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

function bytes(value: number): string {
  let [left, unit] = [value, 0];
  while (left >= 1_000 && unit < UNITS.length - 1) [left, unit] = [left / 1_000, unit + 1];
  return `${left >= 100 || unit === 0 ? Math.round(left) : left.toFixed(1)} ${UNITS[unit] ?? ""}`;
}
