import { serverStatus } from "./server-status/endpoint.ts";
import { oauthMetadata } from "./oauth-metadata/endpoint.ts";
import { oauthDeviceAuthorization } from "./oauth-device-authorization/endpoint.ts";
import { oauthToken } from "./oauth-token/endpoint.ts";
import { devicePage } from "./device-page/endpoint.ts";
import { consoleDevice } from "./console-device/endpoint.ts";
import { consoleDeviceDecide } from "./console-device-decide/endpoint.ts";
import { managedSettings } from "./managed-settings/endpoint.ts";
import { telemetryMetrics } from "./telemetry-metrics/endpoint.ts";
import { telemetryLogs } from "./telemetry-logs/endpoint.ts";
import { telemetryTraces } from "./telemetry-traces/endpoint.ts";
import { costReport } from "./cost-report/endpoint.ts";
import { analyticsCostList } from "./analytics-cost-list/endpoint.ts";
import { analyticsUsageList } from "./analytics-usage-list/endpoint.ts";
import { apiKeysGet } from "./api-keys-get/endpoint.ts";
import { apiKeysList } from "./api-keys-list/endpoint.ts";
import { apiKeysUpdate } from "./api-keys-update/endpoint.ts";
import { billingGet } from "./billing-get/endpoint.ts";
import { consoleSpend } from "./console-spend/endpoint.ts";
import { consoleSpendIncrease } from "./console-spend-increase/endpoint.ts";
import { rateLimitsUsage } from "./rate-limits-usage/endpoint.ts";
import { consoleWorkspaces } from "./console-workspaces/endpoint.ts";
import { spendAlertsGet } from "./spend-alerts-get/endpoint.ts";
import { spendLimitsProgress } from "./spend-limits-progress/endpoint.ts";
import { statementsGet } from "./statements-get/endpoint.ts";
import { requestsGet } from "./requests-get/endpoint.ts";
import { requestsList } from "./requests-list/endpoint.ts";
import { auditLogList } from "./audit-log-list/endpoint.ts";
import { batchesCreate } from "./batches-create/endpoint.ts";
import { batchesList } from "./batches-list/endpoint.ts";
import { batchesGet } from "./batches-get/endpoint.ts";
import { batchesCancel } from "./batches-cancel/endpoint.ts";
import { batchesProgress } from "./batches-progress/endpoint.ts";
import { batchesResults } from "./batches-results/endpoint.ts";
import { batchesDelete } from "./batches-delete/endpoint.ts";
import { complete } from "./complete/endpoint.ts";
import { consoleApiKeysCreate } from "./console-api-keys-create/endpoint.ts";
import { consoleApiKeysRotate } from "./console-api-keys-rotate/endpoint.ts";
import { consoleApiKeysUses } from "./console-api-keys-uses/endpoint.ts";
import { consoleInvite } from "./console-invite/endpoint.ts";
import { consoleInvitesLink } from "./console-invites-link/endpoint.ts";
import { consoleEvents } from "./console-events/endpoint.ts";
import { consoleModels } from "./console-models/endpoint.ts";
import { consoleModelsLoad } from "./console-models-load/endpoint.ts";
import { consoleModelsPull } from "./console-models-pull/endpoint.ts";
import { consoleModelsPullStop } from "./console-models-pull-stop/endpoint.ts";
import { consoleModelsUnload } from "./console-models-unload/endpoint.ts";
import { consoleRoutesReload } from "./console-routes-reload/endpoint.ts";
import { consoleUpstreamsDrain } from "./console-upstreams-drain/endpoint.ts";
import { consoleUpstreamsResume } from "./console-upstreams-resume/endpoint.ts";
import { consoleOpenid } from "./console-openid/endpoint.ts";
import { consoleOpenidConfirm } from "./console-openid-confirm/endpoint.ts";
import { consoleOpenidCallback } from "./console-openid-callback/endpoint.ts";
import { consoleOwner } from "./console-owner/endpoint.ts";
import { consolePassword } from "./console-password/endpoint.ts";
import { consolePasswordLink } from "./console-password-link/endpoint.ts";
import { consolePromptsCreate } from "./console-prompts-create/endpoint.ts";
import { consolePromptsDelete } from "./console-prompts-delete/endpoint.ts";
import { consolePromptsGet } from "./console-prompts-get/endpoint.ts";
import { consolePromptsList } from "./console-prompts-list/endpoint.ts";
import { consolePromptsUpdate } from "./console-prompts-update/endpoint.ts";
import { consoleReauthenticate } from "./console-reauthenticate/endpoint.ts";
import { consoleSecondFactorConfirm } from "./console-second-factor-confirm/endpoint.ts";
import { consoleSecondFactorDisable } from "./console-second-factor-disable/endpoint.ts";
import { consoleSecondFactorEnrol } from "./console-second-factor-enrol/endpoint.ts";
import { consoleSession } from "./console-session/endpoint.ts";
import { consoleSessions } from "./console-sessions/endpoint.ts";
import { consoleSessionsEnd } from "./console-sessions-end/endpoint.ts";
import { consoleSignIn } from "./console-sign-in/endpoint.ts";
import { consoleSignInMethods } from "./console-sign-in-methods/endpoint.ts";
import { consoleSignOut } from "./console-sign-out/endpoint.ts";
import type { Endpoint } from "./define-endpoint.ts";
import { filesCreate } from "./files-create/endpoint.ts";
import { filesList } from "./files-list/endpoint.ts";
import { filesGet } from "./files-get/endpoint.ts";
import { filesContent } from "./files-content/endpoint.ts";
import { filesDelete } from "./files-delete/endpoint.ts";
import { healthz } from "./healthz/endpoint.ts";
import { invitesCreate } from "./invites-create/endpoint.ts";
import { invitesDelete } from "./invites-delete/endpoint.ts";
import { invitesGet } from "./invites-get/endpoint.ts";
import { invitesList } from "./invites-list/endpoint.ts";
import { messagesCountTokens } from "./messages-count-tokens/endpoint.ts";
import { messagesCreate } from "./messages-create/endpoint.ts";
import { metrics } from "./metrics/endpoint.ts";
import { modelsGet } from "./models-get/endpoint.ts";
import { modelsList } from "./models-list/endpoint.ts";
import { openapi } from "./openapi/endpoint.ts";
import { organizationsMe } from "./organizations-me/endpoint.ts";
import { skillsCreate } from "./skills-create/endpoint.ts";
import { skillsList } from "./skills-list/endpoint.ts";
import { skillsGet } from "./skills-get/endpoint.ts";
import { skillsDelete } from "./skills-delete/endpoint.ts";
import { skillVersionsCreate } from "./skill-versions-create/endpoint.ts";
import { skillVersionsList } from "./skill-versions-list/endpoint.ts";
import { skillVersionsGet } from "./skill-versions-get/endpoint.ts";
import { skillVersionsContent } from "./skill-versions-content/endpoint.ts";
import { skillVersionsDelete } from "./skill-versions-delete/endpoint.ts";
import { spendIncreasesApprove } from "./spend-increases-approve/endpoint.ts";
import { spendIncreasesDeny } from "./spend-increases-deny/endpoint.ts";
import { spendIncreasesGet } from "./spend-increases-get/endpoint.ts";
import { spendIncreasesList } from "./spend-increases-list/endpoint.ts";
import { spendLimitsDelete } from "./spend-limits-delete/endpoint.ts";
import { spendLimitsEffective } from "./spend-limits-effective/endpoint.ts";
import { spendLimitsGet } from "./spend-limits-get/endpoint.ts";
import { spendLimitsList } from "./spend-limits-list/endpoint.ts";
import { spendLimitsSet } from "./spend-limits-set/endpoint.ts";
import { usageReportClaudeCode } from "./usage-report-claude-code/endpoint.ts";
import { usageReportMessages } from "./usage-report-messages/endpoint.ts";
import { organizationsRateLimitsList } from "./organizations-rate-limits-list/endpoint.ts";
import { readyz } from "./readyz/endpoint.ts";
import { usersDelete } from "./users-delete/endpoint.ts";
import { usersSignOut } from "./users-sign-out/endpoint.ts";
import { usersGet } from "./users-get/endpoint.ts";
import { usersList } from "./users-list/endpoint.ts";
import { usersUpdate } from "./users-update/endpoint.ts";
import { workspaceMembersAdd } from "./workspace-members-add/endpoint.ts";
import { workspaceMembersGet } from "./workspace-members-get/endpoint.ts";
import { workspaceMembersList } from "./workspace-members-list/endpoint.ts";
import { workspaceMembersRemove } from "./workspace-members-remove/endpoint.ts";
import { workspaceMembersUpdate } from "./workspace-members-update/endpoint.ts";
import { workspacesArchive } from "./workspaces-archive/endpoint.ts";
import { workspacesCreate } from "./workspaces-create/endpoint.ts";
import { workspacesDataRetentionGet } from "./workspaces-data-retention-get/endpoint.ts";
import { workspacesDataRetentionSet } from "./workspaces-data-retention-set/endpoint.ts";
import { workspacesDelete } from "./workspaces-delete/endpoint.ts";
import { workspacesExport } from "./workspaces-export/endpoint.ts";
import { workspacesGet } from "./workspaces-get/endpoint.ts";
import { workspacesList } from "./workspaces-list/endpoint.ts";
import { workspacesUpdate } from "./workspaces-update/endpoint.ts";
import { workspacesRateLimitsList } from "./workspaces-rate-limits-list/endpoint.ts";
import { workspacesRateLimitsUpdate } from "./workspaces-rate-limits-update/endpoint.ts";

/** Every operation; routes and the OpenAPI document derive from it. One line an endpoint. */
export const endpoints: readonly Endpoint[] = [
  messagesCreate,
  messagesCountTokens,
  modelsList,
  modelsGet,
  complete,
  batchesCreate,
  batchesList,
  batchesGet,
  batchesCancel,
  batchesProgress,
  batchesResults,
  batchesDelete,
  filesCreate,
  filesList,
  filesGet,
  filesContent,
  filesDelete,
  skillsCreate,
  skillsList,
  skillsGet,
  skillsDelete,
  skillVersionsCreate,
  skillVersionsList,
  skillVersionsGet,
  skillVersionsContent,
  skillVersionsDelete,
  organizationsMe,
  organizationsRateLimitsList,
  rateLimitsUsage,
  workspacesRateLimitsList,
  workspacesRateLimitsUpdate,
  usageReportMessages,
  spendIncreasesApprove,
  spendIncreasesDeny,
  spendIncreasesGet,
  spendIncreasesList,
  spendLimitsEffective,
  spendLimitsProgress,
  spendLimitsList,
  spendLimitsSet,
  spendLimitsGet,
  spendLimitsDelete,
  costReport,
  usageReportClaudeCode,
  usersList,
  usersGet,
  usersUpdate,
  usersDelete,
  usersSignOut,
  invitesList,
  invitesGet,
  invitesCreate,
  invitesDelete,
  workspacesList,
  workspacesGet,
  workspacesCreate,
  workspacesUpdate,
  workspacesArchive,
  workspacesDelete,
  workspacesExport,
  workspacesDataRetentionGet,
  workspacesDataRetentionSet,
  workspaceMembersList,
  workspaceMembersGet,
  workspaceMembersAdd,
  workspaceMembersUpdate,
  workspaceMembersRemove,
  apiKeysList,
  analyticsUsageList,
  analyticsCostList,
  apiKeysGet,
  apiKeysUpdate,
  auditLogList,
  requestsList,
  requestsGet,
  billingGet,
  statementsGet,
  consoleSpend,
  consoleSpendIncrease,
  consoleApiKeysCreate,
  consoleApiKeysRotate,
  consoleApiKeysUses,
  consoleWorkspaces,
  spendAlertsGet,
  consoleInvite,
  consoleInvitesLink,
  consoleOpenid,
  consoleOpenidConfirm,
  consoleOpenidCallback,
  consoleOwner,
  consolePassword,
  consolePasswordLink,
  consoleReauthenticate,
  consoleSecondFactorConfirm,
  consoleSecondFactorDisable,
  consoleSecondFactorEnrol,
  consoleSession,
  consoleSessions,
  consoleSessionsEnd,
  consoleSignIn,
  consoleSignInMethods,
  consoleSignOut,
  consoleEvents,
  consoleModels,
  consoleModelsLoad,
  consoleModelsUnload,
  consoleRoutesReload,
  consoleUpstreamsDrain,
  consoleUpstreamsResume,
  consoleModelsPull,
  consoleModelsPullStop,
  consolePromptsList,
  consolePromptsCreate,
  consolePromptsGet,
  consolePromptsUpdate,
  consolePromptsDelete,
  serverStatus,
  oauthMetadata,
  oauthDeviceAuthorization,
  oauthToken,
  devicePage,
  consoleDevice,
  consoleDeviceDecide,
  managedSettings,
  telemetryMetrics,
  telemetryLogs,
  telemetryTraces,
  openapi(() => endpoints),
  healthz,
  readyz,
  metrics,
];
