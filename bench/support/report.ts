import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";

export interface Report {
  readonly title: string;
  /** The binary; null: none took part. */
  readonly llamaServer: string | null;
  /** Everything that the figures depend on. */
  readonly settings: Readonly<Record<string, string | number>>;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Facts that a reader of the table needs. */
  readonly notes: readonly string[];
  /** Load average when the run began: what else the machine was doing. */
  readonly loadBefore: number;
  /** Every single measurement, for the JSON file. */
  readonly measurements: unknown;
}

export const loadNow = (): number => loadavg()[0] ?? 0;

/** Prints Markdown, and writes the same with all measurements as JSON where a file is named. */
export async function publish(report: Report, jsonFile: string | null): Promise<void> {
  const machine = {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    node: process.version,
    llamaServer: report.llamaServer === null ? null : versionOf(report.llamaServer),
    loadBefore: report.loadBefore,
    loadAfter: loadNow(),
  };
  const settings = Object.entries(report.settings).map(([name, value]) => `${name} ${value}`);
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  console.log(
    [
      `### ${report.title}`,
      "",
      `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB, Linux ${machine.kernel}, Node ${machine.node}${machine.llamaServer === null ? "" : `, llama-server ${machine.llamaServer}`};`,
      `load average ${machine.loadBefore.toFixed(2)} before, ${machine.loadAfter.toFixed(2)} after; ${settings.join(", ")}.`,
      "",
      row(report.head),
      row(report.head.map((_, index) => (index === 0 ? "---" : "---:"))),
      ...report.rows.map(row),
      "",
      ...report.notes.map((note) => `- ${note}`),
    ].join("\n"),
  );
  if (jsonFile === null) return;
  const { llamaServer: _, ...rest } = report;
  await writeFile(jsonFile, `${JSON.stringify({ machine, ...rest }, null, 1)}\n`);
}

function versionOf(binary: string): string {
  // It writes `version: 1234 (abcdef)` to stderr.
  const text = execFileSync("sh", ["-c", '"$0" --version 2>&1', binary], { encoding: "utf8" });
  return /version: *(.+)/.exec(text)?.[1] ?? "of unknown version";
}
