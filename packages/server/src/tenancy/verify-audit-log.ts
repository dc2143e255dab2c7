import {
  GENESIS,
  hashAuditRow,
  listAuditedOrganizations,
  listAuditHeads,
  readAuditChain,
  type AuditHead,
} from "../storage/audit-log.ts";
import type { TenancyDeps } from "./tenancy-deps.ts";

export interface AuditVerdict {
  readonly organizationId: string;
  /** Rows that were found in order. */
  readonly rows: number;
  /** Of the last row that holds; whoever keeps it elsewhere can tell later whether the log still has it. */
  readonly hash: string;
  /** What is wrong and where; null: nothing. */
  readonly fault: string | null;
}

/**
 * Recomputes every chain from its beginning, up to where it said to end when the check began. A row that was noted
 * elsewhere must still be there: somebody who can write in the database could set it back to an earlier state.
 */
export async function verifyAuditLog(
  deps: Pick<TenancyDeps, "storage" | "auditKey">,
  noted: readonly AuditHead[] = [],
): Promise<AuditVerdict[]> {
  const heads = await listAuditHeads(deps.storage);
  const known = new Set(heads.map(({ organizationId }) => organizationId));
  const verdicts: AuditVerdict[] = [];
  for (const head of heads) {
    verdicts.push(
      await verifyChain(
        deps,
        head,
        noted.filter(({ organizationId }) => organizationId === head.organizationId),
      ),
    );
  }
  for (const { organizationId } of noted.filter((note) => !known.has(note.organizationId))) {
    verdicts.push({ organizationId, rows: 0, hash: "", fault: "the chain is gone" });
  }
  for (const organizationId of await listAuditedOrganizations(deps.storage)) {
    // One that began while we read has a head by now, and is checked the next time.
    if (known.has(organizationId) || (await listAuditHeads(deps.storage)).some((head) => head.organizationId === organizationId))
      continue;
    verdicts.push({ organizationId, rows: 0, hash: "", fault: "the chain has rows, but the record of its end is gone" });
  }
  return verdicts;
}

async function verifyChain(
  { storage, auditKey }: Pick<TenancyDeps, "storage" | "auditKey">,
  head: AuditHead,
  noted: readonly AuditHead[],
): Promise<AuditVerdict> {
  const { organizationId } = head;
  let rows = 0;
  let hash = GENESIS;
  const verdict = (fault: string | null): AuditVerdict => ({ organizationId, rows, hash, fault });
  for await (const row of readAuditChain(storage, organizationId, head.sequence)) {
    if (row.sequence !== rows + 1) return verdict(`row ${rows + 1} is missing`);
    if (row.previousHash !== hash) return verdict(`row ${row.sequence} does not follow the one before it`);
    if (row.hash !== hashAuditRow(auditKey, row)) return verdict(`row ${row.sequence} was changed`);
    rows = row.sequence;
    hash = row.hash;
    if (noted.some((note) => note.sequence === rows && note.hash !== hash)) return verdict(`row ${rows} is not the noted one`);
  }
  if (noted.some((note) => note.sequence > rows)) return verdict(`the chain ends at ${rows}, before the noted row`);
  if (rows !== head.sequence) return verdict(`rows from ${rows + 1} to ${head.sequence} are missing`);
  return verdict(hash === head.hash ? null : "the record of the chain's end was changed");
}
