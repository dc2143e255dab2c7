import { verifyAuditLog } from "../../tenancy/verify-audit-log.ts";
import { type CliContext, UserError } from "../cli-context.ts";
import { withTenancy } from "../with-tenancy.ts";

/** Fails when a chain does not hold, or does not have the row that was noted earlier. */
export async function verifyAudit(options: { readonly expect?: string }, context: CliContext): Promise<void> {
  await withTenancy(context, async (deps) => {
    const verdicts = await verifyAuditLog(deps, options.expect === undefined ? [] : [parseNote(options.expect)]);
    for (const { organizationId, rows, hash, fault } of verdicts) {
      context.say(
        `${organizationId}  ${fault === null ? `${rows} rows hold, the last is ${organizationId}:${rows}:${hash}` : `BROKEN: ${fault}`}`,
      );
      context.emit({ organization_id: organizationId, ok: fault === null, rows, hash, fault });
    }
    if (verdicts.some(({ fault }) => fault !== null)) throw new UserError("The audit log does not hold.");
  });
}

function parseNote(text: string) {
  const match = /^([0-9a-f-]{36}):(\d+):([\w-]{43})$/.exec(text);
  if (!match) throw new UserError("--expect takes what an earlier check printed: organization:sequence:hash.");
  return { organizationId: match[1] ?? "", sequence: Number(match[2]), hash: match[3] ?? "" };
}
