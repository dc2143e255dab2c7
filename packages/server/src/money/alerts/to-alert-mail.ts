import type { SpendAlertRow } from "../../storage/spend-alerts.ts";
import { formatUsd } from "../nano-usd.ts";

const SCOPES: Readonly<Record<SpendAlertRow["scopeType"], string>> = {
  organization: "the organization",
  workspace: "workspace",
  api_key: "API key",
  user: "member",
  usage_tier: "the organization's tier",
  credits: "the organization",
};

export function toAlertMail(alert: SpendAlertRow): { readonly subject: string; readonly text: string } {
  const { scopeType, scopeId, period, thresholdPercent, limitNanoUsd, spentNanoUsd } = alert;
  const [limit, spent] = [`$${formatUsd(limitNanoUsd)}`, `$${formatUsd(spentNanoUsd)}`];
  if (scopeType === "credits") {
    const text = `The credits of organization ${alert.organizationId} are used up: ${spent} of ${limit}.\nFurther requests are refused until there are more.\n`;
    return { subject: "Parley: the credits are used up", text };
  }
  const whose = scopeId === alert.organizationId ? SCOPES[scopeType] : `${SCOPES[scopeType]} ${scopeId}`;
  const consequence = thresholdPercent === 100 ? "Requests beyond it are refused.\n" : "";
  return {
    subject: `Parley: ${thresholdPercent} % of a ${period ?? ""} spend limit is reached`,
    text: `The ${period ?? ""} spend limit of ${whose} is ${limit}; ${spent} of it is spent, which is ${thresholdPercent} % or more.\n${consequence}Organization ${alert.organizationId}, since ${alert.periodStart.toISOString()}.\n`,
  };
}
