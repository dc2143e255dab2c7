import { z } from "zod";
import { readStatement } from "../../ledger/statements/read-statement.ts";
import { toCsv } from "../../ledger/statements/to-csv.ts";
import { toPdf } from "../../ledger/statements/to-pdf.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { queryChoice, queryText } from "../shared/admin-request.ts";
import { refuseQuery } from "../shared/page-query.ts";
import { refuseUnknownKeys } from "../shared/report-query.ts";

const Format = z.enum(["csv", "pdf"]);
const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])$/;
const QUERY = { month: z.string().regex(MONTH), format: Format.optional(), workspace_id: z.string().optional() };

/** Parley's own, in the platform's manner. */
export const statementsGet = defineEndpoint({
  name: "statements-get",
  summary: "Download a month's statement as CSV or PDF, for charge-back",
  method: "GET",
  path: "/v1/organizations/statements",
  permission: "admin",
  forBilling: true,
  query: z.object(QUERY),
  reply: { schema: null },
  async handle({ admin: { organizationId }, query }, { tenancy: { storage } }) {
    refuseUnknownKeys(query, Object.keys(QUERY));
    const month = query.get("month");
    if (month === null) throw refuseQuery("month", "Field required");
    if (!MONTH.test(month)) throw refuseQuery("month", "Input should be a year and a month, such as 2026-11");
    const format = queryChoice(query, "format", Format) ?? "csv";
    const statement = await readStatement(storage, { organizationId, month, workspaceId: queryText(query, "workspace_id") });
    return {
      kind: "raw",
      headers: { "content-disposition": `attachment; filename="statement-${month}.${format}"` },
      contentType: format === "pdf" ? "application/pdf" : "text/csv; charset=utf-8",
      body: format === "pdf" ? await toPdf(statement) : toCsv(statement),
    };
  },
});
