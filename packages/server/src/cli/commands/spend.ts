import { requestIncrease } from "../../money/manage-increase-requests.ts";
import type { SpendPeriod } from "../../storage/spend.ts";
import { chooseOrganization } from "../choose-organization.ts";
import { type CliContext, UserError } from "../cli-context.ts";
import { withTenancy } from "../with-tenancy.ts";

const PERIODS: readonly SpendPeriod[] = ["daily", "weekly", "monthly"];

export interface IncreaseOptions {
  readonly user: string;
  readonly period: string;
  readonly organization?: string;
}

/** On behalf of a member; administrators see it in the Admin API. */
export async function requestSpendIncrease(options: IncreaseOptions, context: CliContext): Promise<void> {
  const period = PERIODS.find((each) => each === options.period);
  if (!period) throw new UserError(`--period is one of ${PERIODS.join(", ")}.`);
  await withTenancy(context, async (deps, doer) => {
    const organizationId = await chooseOrganization(deps.storage, options.organization);
    const id = await requestIncrease(deps, { ...doer, organizationId }, { userId: options.user, period });
    context.say(`Request ${id} waits for an administrator.`);
    context.emit({ id });
  });
}
