import { grantOwnCredits } from "../../money/grant-own-credits.ts";
import { formatUsd, usdToNanoUsd } from "../../money/nano-usd.ts";
import { creditBalance, listCreditGrants } from "../../storage/spend.ts";
import { chooseOrganization } from "../choose-organization.ts";
import type { CliContext } from "../cli-context.ts";
import { withTenancy } from "../with-tenancy.ts";

const MS_PER_DAY = 86_400_000;

export interface GrantOptions {
  readonly usd: number;
  readonly reference: string;
  readonly purchase?: boolean;
  readonly expiresInDays?: number;
  readonly organization?: string;
}

export async function grantCredits(options: GrantOptions, context: CliContext): Promise<void> {
  await withTenancy(context, async (deps, doer) => {
    const organizationId = await chooseOrganization(deps.storage, options.organization);
    const isNew = await grantOwnCredits(
      deps,
      { ...doer, organizationId },
      {
        kind: options.purchase ? "purchase" : "grant",
        reference: options.reference,
        nanoUsd: usdToNanoUsd(options.usd),
        expiresAtMs: options.expiresInDays === undefined ? null : deps.clock.nowMs() + options.expiresInDays * MS_PER_DAY,
      },
    );
    const balance = formatUsd(await creditBalance(deps.storage, organizationId));
    context.say(
      isNew
        ? `Granted. The balance is ${balance} USD.`
        : `${options.reference} was granted before. The balance is ${balance} USD.`,
    );
    context.emit({ organization_id: organizationId, granted: isNew, balance_usd: balance });
  });
}

export async function showCredits(options: { readonly organization?: string }, context: CliContext): Promise<void> {
  await withTenancy(context, async ({ storage }) => {
    const organizationId = await chooseOrganization(storage, options.organization);
    for (const grant of await listCreditGrants(storage, organizationId)) {
      const [amount, remaining] = [formatUsd(grant.amountNanoUsd), formatUsd(grant.remainingNanoUsd)];
      const expires = grant.expiresAt?.toISOString().slice(0, 10) ?? "never";
      context.say(
        `${grant.id}  ${grant.kind.padEnd(8)}  ${remaining} of ${amount} USD left  expires ${expires}  ${grant.reference}`,
      );
      context.emit({
        ...grant,
        amountNanoUsd: undefined,
        remainingNanoUsd: undefined,
        amount_usd: amount,
        remaining_usd: remaining,
      });
    }
    context.say(`balance: ${formatUsd(await creditBalance(storage, organizationId))} USD`);
  });
}
