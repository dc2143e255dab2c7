import { Billing } from "@parley/wire";
import { formatCents } from "../../money/nano-usd.ts";
import { creditBalance, listCreditGrants } from "../../storage/spend.ts";
import { sumMonths } from "../../storage/usage-rollups.ts";
import { defineEndpoint } from "../define-endpoint.ts";

/** Parley's own, in the platform's manner. */
export const billingGet = defineEndpoint({
  name: "billing-get",
  summary: "Tell the organization's credits, and what each month came to",
  method: "GET",
  path: "/v1/organizations/billing",
  permission: "admin",
  forBilling: true,
  reply: { schema: Billing },
  async handle({ admin: { organizationId } }, { tenancy: { storage }, charging }) {
    const [balance, grants, months] = await Promise.all([
      creditBalance(storage, organizationId),
      listCreditGrants(storage, organizationId),
      sumMonths(storage, organizationId),
    ]);
    const body: Billing = {
      type: "billing",
      is_charging: charging.isOn,
      is_prepaid: charging.isPrepaid,
      currency: "USD",
      balance: formatCents(balance),
      credit_grants: grants.toReversed().map((grant) => ({
        id: grant.id,
        type: "credit_grant",
        kind: grant.kind,
        reference: grant.reference,
        amount: formatCents(grant.amountNanoUsd),
        remaining: formatCents(grant.remainingNanoUsd),
        granted_at: grant.grantedAt.toISOString(),
        expires_at: grant.expiresAt?.toISOString() ?? null,
      })),
      months: months.map(({ month, requests, nanoUsd }) => ({ month, requests, amount: formatCents(nanoUsd) })),
    };
    return { kind: "json", body };
  },
});
