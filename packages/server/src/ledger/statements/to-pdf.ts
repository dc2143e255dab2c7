import { buffer } from "node:stream/consumers";
import { formatUsd } from "../../money/nano-usd.ts";
import type { Statement } from "./read-statement.ts";

const MARGIN = 48;

/** A statement to print: one line a key and model, the sum of each workspace, and the total. */
export async function toPdf(statement: Statement): Promise<Buffer> {
  // Fonts and all: loaded by the first statement that is printed.
  const { default: PDFDocument } = await import("pdfkit");
  const document = new PDFDocument({ size: "A4", margin: MARGIN, info: { Title: `Statement ${statement.month}` } });
  const done = buffer(document);
  document.fontSize(16).text(`Statement ${statement.month}`);
  document.fontSize(9).text(`Organization ${statement.organizationId}`).moveDown();
  const byWorkspace = Map.groupBy(statement.lines, (line) => line.workspaceId);
  for (const [workspaceId, lines] of byWorkspace) {
    const sum = lines.reduce((total, line) => total + line.nanoUsd, 0n);
    document.fontSize(11).text(`${printable(lines[0]?.workspaceName ?? "")} (${workspaceId}): ${formatUsd(sum)} USD`);
    document.fontSize(8).table({
      columnStyles: ["*", 150, 50, 60, 60, 80],
      data: [
        ["Key", "Model", "Requests", "Input", "Output", "USD"],
        ...lines.map((line) => [
          `${printable(line.apiKeyName)} ${line.apiKeyId}`,
          line.model,
          String(line.requests),
          String(line.inputTokens + line.cacheReadTokens + line.cacheWriteTokens),
          String(line.outputTokens),
          formatUsd(line.nanoUsd),
        ]),
      ],
    });
    document.moveDown();
  }
  document.fontSize(12).text(`Total: ${formatUsd(statement.totalNanoUsd)} USD`);
  document.end();
  return done;
}

/** The fonts that every PDF reader has know Latin-1 alone. */
function printable(name: string): string {
  return name.replaceAll(/[^\u0020-\u007E\u00A0-\u00FF]/g, "?");
}
