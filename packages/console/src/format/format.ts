/** Times in the reader's zone and language; numbers that can be read. */
const DATE = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric" });
const DATE_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const UTC_DATE = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", timeZone: "UTC" });
const HOUR = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const COMPACT = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const PERCENT = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const DOLLARS = new Intl.NumberFormat(undefined, { style: "currency", currency: "USD" });
const SMALL_DOLLARS = new Intl.NumberFormat(undefined, { style: "currency", currency: "USD", maximumSignificantDigits: 2 });
const WHOLE = new Intl.NumberFormat();

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

export const formatDate = (time: string | number): string => DATE.format(new Date(time));
export const formatDateTime = (time: string | number): string => DATE_TIME.format(new Date(time));
/** Of a day of UTC. */
export const formatUtcDate = (time: string): string => UTC_DATE.format(new Date(time));
export const formatHour = (time: string): string => HOUR.format(new Date(time));
export const formatCompact = (number: number): string => COMPACT.format(number);
export const formatPercent = (share: number): string => PERCENT.format(share);
/** Fractions of a cent stay visible. */
export const formatDollars = (dollars: number): string =>
  (dollars > 0 && dollars < 0.1 ? SMALL_DOLLARS : DOLLARS).format(dollars);
export const formatWhole = (number: number): string => WHOLE.format(number);

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
const BYTES = BYTE_UNITS.map((unit, step) => {
  const unitDisplay = step === 0 ? "long" : "short";
  return new Intl.NumberFormat(undefined, { style: "unit", unit, unitDisplay, maximumSignificantDigits: 3 });
});

/** `491 MB`: in steps of a thousand, as disks are sold and hubs count. */
export function formatBytes(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return BYTES[step]?.format(bytes / 1000 ** step) ?? "";
}

/** `3 hours ago`. */
export function formatRelative(time: string | number, nowMs = Date.now()): string {
  const seconds = Math.round((new Date(time).getTime() - nowMs) / 1000);
  const step = STEPS.find(([, size]) => Math.abs(seconds) >= size);
  return step ? RELATIVE.format(Math.round(seconds / step[1]), step[0]) : RELATIVE.format(0, "second");
}

const MOMENT = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const SMALL = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 2 });
const TWO_DECIMALS = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });

/** `Nov 21, 09:48:53 PM` */
export const formatMoment = (time: string): string => MOMENT.format(new Date(time));

/** `0.4 ms`, `35 ms`, `2.31 s`. */
export function formatDuration(ms: number): string {
  if (ms >= 1000) return `${TWO_DECIMALS.format(ms / 1000)}\u202fs`;
  return `${ms < 10 ? SMALL.format(ms) : WHOLE.format(Math.round(ms))}\u202fms`;
}

const MONTH = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "long", timeZone: "UTC" });
/** `November 2026`, of `2026-11`. */
export const formatMonth = (month: string): string => MONTH.format(new Date(`${month}-01T00:00:00Z`));

/** Cents, as decimal text of the API. */
export const formatCents = (cents: string): string => formatDollars(Number(cents) / 100);
