export * from "./errors.ts";
export * from "./versions/dialect.ts";
export * from "./messages/browser-state.ts";
export * from "./messages/cache-control.ts";
export * from "./messages/caller.ts";
export * from "./messages/citations.ts";
export * from "./messages/content-block-param.ts";
export * from "./messages/context-management.ts";
export * from "./messages/tool-param.ts";
export * from "./messages/toolset.ts";
export * from "./messages/create-request.ts";
export * from "./messages/count-tokens.ts";
export * from "./messages/mcp.ts";
export * from "./messages/message.ts";
export * from "./messages/server-tool-block.ts";
export * from "./messages/server-tool-block-param.ts";
export * from "./messages/stream-event.ts";
export * from "./models/model-info.ts";
export * from "./files/file.ts";
export * from "./skills/skill.ts";
export * from "./batches/batch.ts";
export * from "./complete/completion.ts";
export * from "./console/sign-in.ts";
export * from "./admin/organization.ts";
export * from "./admin/rate-limits.ts";
export * from "./admin/server-status.ts";
export * from "./admin/spend-limits.ts";
export * from "./admin/usage-report.ts";
export * from "./admin/users.ts";
export * from "./admin/invites.ts";
export * from "./admin/workspaces.ts";
export * from "./admin/workspace-members.ts";
export * from "./admin/analytics.ts";
export * from "./admin/api-keys.ts";
export * from "./admin/audit-log.ts";
export * from "./admin/data-retention.ts";
export * from "./admin/billing.ts";
export * from "./admin/spend-alerts.ts";
export * from "./admin/requests.ts";
export {
  parseBySchema,
  parseComplete,
  parseCountTokens,
  parseMessagesCreate,
  type ParseOptions,
} from "./validation/parse-request.ts";
export { blocksOf, mergeRuns, type PlacedBlock, type Run } from "./validation/merge-runs.ts";
export { type Checked, type Problem, renderProblem } from "./validation/problem.ts";
export * from "./console/sign-in.ts";
export * from "./console/api-keys.ts";
export * from "./console/invite-link.ts";
export * from "./console/models.ts";
export * from "./console/device.ts";
export * from "./console/events.ts";
export * from "./console/prompts.ts";
