import type { Choice, Target } from "./ask.ts";
import { CATEGORIES, type Category, type Half } from "./cases.ts";
import type { MadeCall } from "./score.ts";

export interface Outcome {
  readonly id: string;
  readonly category: Category;
  readonly choice: Choice;
  readonly calls: readonly MadeCall[];
  readonly finished: boolean;
  /** `auto`: the right calls. `any`: calls that are valid against their schemas. */
  readonly passed: boolean;
  /** The server refused, failed or could not be reached. */
  readonly failed: boolean;
  /** Empty when passed. */
  readonly reason: string;
  readonly elapsedMs: number;
}

export interface Row {
  readonly category: Category;
  readonly choice: Choice;
  readonly cases: number;
  readonly passed: number;
  /** Replies cut at the token limit; under `any` they are not counted in `cases`. */
  readonly cut: number;
  readonly failed: number;
  readonly medianMs: number;
}

export function summarise(outcomes: readonly Outcome[]): readonly Row[] {
  const rows: Row[] = [];
  for (const category of CATEGORIES) {
    for (const choice of ["auto", "any"] as const) {
      const own = outcomes.filter((outcome) => outcome.category === category && outcome.choice === choice);
      if (own.length === 0) continue;
      const cut = own.filter((outcome) => !outcome.finished && !outcome.failed);
      const counted = choice === "any" ? own.filter((outcome) => !cut.includes(outcome)) : own;
      rows.push({
        category,
        choice,
        cases: counted.length,
        passed: counted.filter((outcome) => outcome.passed).length,
        cut: cut.length,
        failed: own.filter((outcome) => outcome.failed).length,
        medianMs: median(own.map((outcome) => outcome.elapsedMs)),
      });
    }
  }
  return rows;
}

export function formatReport(target: Target, half: Half, rows: readonly Row[]): string {
  const lines = rows.map((row) =>
    [
      row.category.padEnd(18),
      (row.choice === "any" ? "any: valid" : "auto: right").padEnd(12),
      `${row.passed}/${row.cases}`.padStart(9),
      `${row.cases === 0 ? "-" : ((100 * row.passed) / row.cases).toFixed(1)} %`.padStart(8),
      String(row.cut).padStart(5),
      String(row.failed).padStart(7),
      String(row.medianMs).padStart(10),
    ].join(" "),
  );
  const head = [
    "category".padEnd(18),
    "measure".padEnd(12),
    "passed".padStart(9),
    "share".padStart(8),
    "cut".padStart(5),
    "failed".padStart(7),
    "median ms".padStart(10),
  ].join(" ");
  return [`${target.engine} ${target.model}, half ${half}, temperature ${target.temperature}`, head, ...lines].join("\n");
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
