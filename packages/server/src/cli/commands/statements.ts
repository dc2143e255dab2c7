import { writeFile } from "node:fs/promises";
import { readStatement } from "../../ledger/statements/read-statement.ts";
import { toCsv } from "../../ledger/statements/to-csv.ts";
import { toPdf } from "../../ledger/statements/to-pdf.ts";
import { formatUsd } from "../../money/nano-usd.ts";
import { chooseOrganization } from "../choose-organization.ts";
import { type CliContext, UserError } from "../cli-context.ts";
import { withTenancy } from "../with-tenancy.ts";

export interface StatementOptions {
  /** YYYY-MM. */
  readonly month: string;
  readonly workspace?: string;
  readonly out?: string;
  readonly organization?: string;
}

/** Prints a month as CSV, or writes it to a file, as PDF where its name says so. */
export async function writeStatement(options: StatementOptions, context: CliContext): Promise<void> {
  const { month, out } = options;
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) throw new UserError("--month is a year and a month, such as 2026-11.");
  await withTenancy(context, async ({ storage }) => {
    const organizationId = await chooseOrganization(storage, options.organization);
    const statement = await readStatement(storage, { organizationId, month, workspaceId: options.workspace ?? null });
    if (out === undefined) context.say(toCsv(statement).trimEnd());
    else {
      await writeFile(out, out.endsWith(".pdf") ? await toPdf(statement) : toCsv(statement));
      context.tell(`${out}: ${statement.lines.length} lines, ${formatUsd(statement.totalNanoUsd)} USD.`);
    }
    context.emit({
      month,
      organization_id: organizationId,
      lines: statement.lines.length,
      total_usd: formatUsd(statement.totalNanoUsd),
    });
  });
}
