import type { Chart } from "./series.ts";

/** RFC 4180. Text that a spreadsheet would take for a formula is told apart by a quote. */
export function toCsv({ times, series }: Chart): string {
  const head = ["starting_at", "ending_at", ...series.map(({ name }) => name)];
  const rows = times.map(({ startingAt, endingAt }, index) => [
    startingAt,
    endingAt,
    ...series.map(({ values }) => String(values[index] ?? 0)),
  ]);
  return [head, ...rows].map((row) => row.map(toCell).join(",")).join("\r\n");
}

function toCell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) && !/^-?[\d.]+(?:e-?\d+)?$/i.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
