import { fail } from "../platform/fail.ts";
import { newId } from "../platform/ids.ts";
import { changeAudited } from "../storage/audit-log.ts";
import { grantCreditsOn } from "../storage/spend.ts";
import { type Act, toAuditedAct, type TenancyDeps } from "../tenancy/tenancy-deps.ts";
import { formatCents } from "./nano-usd.ts";

export interface CreditGrant {
  /** A purchase was paid for; a grant is a gift. */
  readonly kind: "grant" | "purchase";
  /** Says what it was for, such as an invoice. Granting one reference twice grants once. */
  readonly reference: string;
  readonly nanoUsd: bigint;
  readonly expiresAtMs: number | null;
}

const REFERENCE_MAX_CHARACTERS = 200;
/** What a new account gets has this reference. */
const RESERVED_REFERENCE = "signup";

/** False: the reference was granted before, and nothing changed. */
export function grantOwnCredits(deps: TenancyDeps, act: Act, grant: CreditGrant): Promise<boolean> {
  if (grant.nanoUsd <= 0n) throw fail("invalid_request_error", { public: "amount: must be more than nothing" });
  const { length } = grant.reference.trim();
  if (length === 0 || length > REFERENCE_MAX_CHARACTERS || grant.reference === RESERVED_REFERENCE) {
    throw fail("invalid_request_error", {
      public: `reference: must have 1 to ${REFERENCE_MAX_CHARACTERS} characters and not be '${RESERVED_REFERENCE}'`,
    });
  }
  return changeAudited(deps.storage, "grant credits", toAuditedAct(deps, act), async (queries, record) => {
    const id = newId("crgr");
    const isNew = await grantCreditsOn(queries, { ...grant, id, organizationId: act.organizationId });
    if (!isNew) return false;
    await record({
      action: "credit_grant.create",
      target: { type: "credit_grant", id },
      before: null,
      after: {
        kind: grant.kind,
        reference: grant.reference,
        amount: formatCents(grant.nanoUsd),
        expires_at_ms: grant.expiresAtMs,
      },
    });
    return true;
  });
}
