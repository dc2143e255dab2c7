/** Markdown, on standard output. */
export function printTable(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  notes: readonly string[],
): void {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const lines = [
    `### ${title}`,
    "",
    row(head),
    row(head.map((_, index) => (index === 0 ? "---" : "---:"))),
    ...rows.map(row),
    "",
    ...notes.map((note) => `- ${note}`),
    "",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
