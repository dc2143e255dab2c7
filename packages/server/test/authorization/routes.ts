import type { ConsolePromptContent } from "@parley/wire";
import { randomUUID } from "node:crypto";
import { createKey } from "../../src/auth/manage-api-keys.ts";
import { DEFAULT_LIMITS } from "../../src/limits/limits-config.ts";
import { toRateLimitEntries } from "../../src/limits/rate-limit-entries.ts";
import { requestIncrease } from "../../src/money/manage-increase-requests.ts";
import { setOwnSpendLimit } from "../../src/money/manage-spend-limits.ts";
import { newId } from "../../src/platform/ids.ts";
import { insertPrompt } from "../../src/storage/prompts.ts";
import { recordTurns } from "../../src/storage/testing/record-turns.ts";
import { sampleTurnRecord } from "../../src/storage/testing/sample-turn-record.ts";
import { createInvite } from "../../src/tenancy/manage-invites.ts";
import { addUser } from "../../src/tenancy/manage-users.ts";
import { addWorkspaceMember } from "../../src/tenancy/manage-workspace-members.ts";
import { archiveWorkspace, createWorkspace } from "../../src/tenancy/manage-workspaces.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import type { Platform } from "../support/start-platform.ts";
import { PASSWORD } from "./callers.ts";

/** A request that its rightful caller would be given. */
export interface RouteRequest {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly json?: unknown;
  readonly form?: FormData;
}

export interface Route {
  /** What the rightful caller gets. */
  readonly status: number;
  /** The path names an object of the caller's workspace or organization. */
  readonly owned: boolean;
  /** Of those who are signed in, also those who look after the money may. */
  readonly forBilling?: boolean;
  /** Of several organizations only the one that owns the server may. */
  readonly isOfServer?: boolean;
  /** Claude Code asks for it: also who may use nothing else may. */
  readonly forClaudeCode?: boolean;
  /** Of those who are signed in, only administrators may. */
  readonly forAdministrators?: boolean;
  /** Of those who are signed in, only who may use models in the workspace may. */
  readonly forUsersOfModels?: boolean;
  /** Makes what the request is about, fresh each time. */
  prepare(platform: Platform): Promise<RouteRequest>;
}

const plain = (request: RouteRequest = {}): Route => ({ status: 200, owned: false, prepare: async () => request });

const MESSAGE = { model: "claude-haiku-4-5", messages: [{ role: "user", content: "Hi" }] };
const BATCH = { requests: [{ custom_id: "one", params: { ...MESSAGE, max_tokens: 10 } }] };
const SETTINGS = { displayColor: null, tags: {}, allowedInferenceGeos: null, defaultInferenceGeo: "global" as const };
const STARTING = "starting_at=2026-01-01T00:00:00Z";

const actOf = (platform: Platform) => ({ ...SYSTEM, organizationId: platform.organizationId });
const newUser = (platform: Platform) =>
  addUser(platform.keys, actOf(platform), { email: `${randomUUID()}@example.com`, name: "Somebody", role: "developer" });
const newInvite = (platform: Platform) =>
  createInvite(platform.keys, actOf(platform), { email: `${randomUUID()}@example.com`, role: "user" });
const newWorkspace = (platform: Platform) => createWorkspace(platform.keys, actOf(platform), { ...SETTINGS, name: "Some" });
const newKey = (platform: Platform) =>
  createKey(platform.keys, { name: "some", workspaceId: platform.workspaceId, expiresAtMs: null }, SYSTEM);
const newMember = async (platform: Platform) => {
  const [workspace, user] = [await newWorkspace(platform), await newUser(platform)];
  await addWorkspaceMember(platform.keys, actOf(platform), {
    workspaceId: workspace.id,
    userId: user.id,
    role: "workspace_user",
  });
  return { workspace_id: workspace.id, user_id: user.id };
};

const PROMPT: ConsolePromptContent = {
  model: "claude-haiku-4-5",
  system: "",
  message: "Hi",
  max_tokens: 10,
  temperature: null,
  thinking: { type: "off" },
  tools: "",
  output_schema: "",
  cache: { tools: false, system: false, message: false, ttl: "5m" },
};

async function ofPrompt({ storage, workspaceId }: Platform) {
  const id = newId("prompt");
  const author = { userId: "user_1", now: new Date() };
  await insertPrompt(storage, { id, workspaceId, name: "some", content: PROMPT, cases: [] }, author);
  return { prompt_id: id };
}

function fileForm(): FormData {
  const form = new FormData();
  form.set("file", new File(["text"], "note.txt", { type: "text/plain" }));
  return form;
}

async function newFile(platform: Platform): Promise<string> {
  const reply = await fetch(`${platform.url}/v1/files`, {
    method: "POST",
    headers: { "x-api-key": platform.apiKey, "anthropic-version": "2026-10-21" },
    body: fileForm(),
  });
  return ((await reply.json()) as { id: string }).id;
}

function skillForm(): FormData {
  const form = new FormData();
  form.append("files[]", new File(["---\nname: some\ndescription: Some.\n---\n"], "some/SKILL.md"));
  return form;
}

/** With two versions, so that one can be deleted. */
async function ofSkillVersion({ url, apiKey }: Platform) {
  const headers = { "x-api-key": apiKey, "anthropic-version": "2026-10-21" };
  const made = await fetch(`${url}/v1/skills`, { method: "POST", headers, body: skillForm() });
  const skill = (await made.json()) as { id: string; latest_version_id: string };
  await fetch(`${url}/v1/skills/${skill.id}/versions`, { method: "POST", headers, body: skillForm() });
  return { skill_id: skill.id, version: skill.latest_version_id };
}

const ofSkill = async (platform: Platform) => ({ skill_id: (await ofSkillVersion(platform)).skill_id });

async function newBatch(platform: Platform): Promise<string> {
  const reply = await fetch(`${platform.url}/v1/messages/batches`, {
    method: "POST",
    headers: { "x-api-key": platform.apiKey, "anthropic-version": "2026-10-21", "content-type": "application/json" },
    body: JSON.stringify(BATCH),
  });
  return ((await reply.json()) as { id: string }).id;
}

/** An object of the caller's: who else asks for it must not learn that it is there. */
function owned(
  params: (platform: Platform) => Promise<Readonly<Record<string, string>>>,
  request: Omit<RouteRequest, "params"> = {},
): Route {
  return { status: 200, owned: true, prepare: async (platform) => ({ ...request, params: await params(platform) }) };
}

const ofUser = async (platform: Platform) => ({ user_id: (await newUser(platform)).id });
const ofInvite = async (platform: Platform) => ({ invite_id: (await newInvite(platform)).id });
const ofWorkspace = async (platform: Platform) => ({ workspace_id: (await newWorkspace(platform)).id });
const ofKey = async (platform: Platform) => ({ api_key_id: (await newKey(platform)).id });
const ofRateLimit = async (platform: Platform) => ({
  ...(await ofWorkspace(platform)),
  rate_limit_id: toRateLimitEntries(platform.organizationId, DEFAULT_LIMITS, [])[0]?.id ?? "",
});
const ofBatch = async (platform: Platform) => ({ message_batch_id: await newBatch(platform) });
const ofFile = async (platform: Platform) => ({ file_id: await newFile(platform) });

const ofRequest = async ({ storage, organizationId }: Platform) => {
  const id = `req_${randomUUID()}`;
  await recordTurns(storage, [{ ...sampleTurnRecord(id), organization_id: organizationId }]);
  return { request_id: id };
};

const ofSpendLimit = async (platform: Platform) => {
  const scope = { type: "workspace" as const, workspaceId: (await newWorkspace(platform)).id };
  const limit = { scope, period: "monthly" as const, amountNanoUsd: 1_000_000_000n };
  return { spend_limit_id: (await setOwnSpendLimit(platform.keys, actOf(platform), limit)).id };
};

const ofIncreaseRequest = async (platform: Platform) => {
  const who = { userId: (await newUser(platform)).id, period: "monthly" as const };
  return { request_id: await requestIncrease(platform.keys, actOf(platform), who) };
};

/** One line for every endpoint, by its name. `coverage.test.ts` compares the list with the endpoints. */
export const ROUTES: Readonly<Record<string, Route>> = {
  "messages-create": { ...plain({ json: { ...MESSAGE, max_tokens: 10 } }), forClaudeCode: true },
  "messages-count-tokens": { ...plain({ json: MESSAGE }), forClaudeCode: true },
  "models-list": { ...plain(), forClaudeCode: true },
  "models-get": { ...plain({ params: { model_id: "claude-haiku-4-5" } }), forClaudeCode: true },
  complete: plain({ json: { model: "claude-haiku-4-5", prompt: "\n\nHuman: Hi\n\nAssistant:", max_tokens_to_sample: 10 } }),
  "files-create": { status: 200, owned: false, prepare: async () => ({ form: fileForm() }) },
  "files-list": plain(),
  "files-get": owned(ofFile),
  // What was uploaded is not downloadable: the owner is told so.
  "files-content": { ...owned(ofFile), status: 400 },
  "files-delete": owned(ofFile),
  "skills-create": { status: 200, owned: false, prepare: async () => ({ form: skillForm() }) },
  "skills-list": plain(),
  "skills-get": owned(ofSkill),
  "skills-delete": owned(ofSkill),
  "skill-versions-create": {
    status: 200,
    owned: true,
    prepare: async (platform) => ({ params: await ofSkill(platform), form: skillForm() }),
  },
  "skill-versions-list": owned(ofSkill),
  "skill-versions-get": owned(ofSkillVersion),
  "skill-versions-content": owned(ofSkillVersion),
  "skill-versions-delete": owned(ofSkillVersion),
  "batches-create": plain({ json: BATCH }),
  "batches-list": plain(),
  "batches-get": owned(ofBatch),
  "batches-cancel": owned(ofBatch),
  "batches-progress": owned(ofBatch),
  // No worker runs in this test, so none has ended: the owner is told so.
  "batches-results": { ...owned(ofBatch), status: 400 },
  "batches-delete": { ...owned(ofBatch), status: 400 },
  "organizations-me": plain(),
  // They want a beta header.
  "analytics-usage-list": { ...plain({ query: STARTING }), status: 400 },
  "analytics-cost-list": { ...plain({ query: STARTING }), status: 400, forBilling: true },
  "usage-report-messages": { ...plain({ query: STARTING }), forBilling: true },
  "cost-report": { ...plain({ query: STARTING }), forBilling: true },
  "usage-report-claude-code": plain({ query: "starting_at=2026-01-01" }),
  "spend-limits-set": plain({ json: { amount: "100", scope: { type: "organization" } } }),
  "spend-limits-list": plain(),
  "spend-limits-get": owned(ofSpendLimit),
  "spend-limits-delete": owned(ofSpendLimit),
  "spend-limits-effective": plain(),
  "spend-increases-list": plain(),
  "spend-increases-get": owned(ofIncreaseRequest),
  "spend-increases-approve": owned(ofIncreaseRequest, { json: { amount: "200" } }),
  "spend-increases-deny": owned(ofIncreaseRequest, { json: {} }),
  "users-list": plain(),
  "users-get": owned(ofUser),
  "users-update": owned(ofUser, { json: { role: "billing" } }),
  // Without its beta header.
  "users-sign-out": { ...owned(ofUser), status: 400 },
  "users-delete": owned(async (platform) => {
    // Not the organization's only member.
    await newUser(platform);
    return ofUser(platform);
  }),
  "invites-list": plain(),
  "invites-get": owned(ofInvite),
  "invites-create": {
    status: 200,
    owned: false,
    prepare: async () => ({ json: { email: `${randomUUID()}@example.com`, role: "user" } }),
  },
  "invites-delete": owned(ofInvite),
  "workspaces-list": plain(),
  "workspaces-get": owned(ofWorkspace),
  "workspaces-create": plain({ json: { name: "Made" } }),
  "workspaces-update": owned(ofWorkspace, { json: { name: "Changed" } }),
  "workspaces-archive": owned(ofWorkspace),
  "workspaces-delete": owned(async (platform) => {
    const { id } = await newWorkspace(platform);
    await archiveWorkspace(platform.keys, actOf(platform), id);
    return { workspace_id: id };
  }),
  "workspaces-export": owned(ofWorkspace),
  "workspaces-data-retention-get": owned(ofWorkspace),
  "workspaces-data-retention-set": owned(ofWorkspace, { json: { retention_days: 7 } }),
  "workspace-members-list": owned(ofWorkspace),
  "workspace-members-get": owned(newMember),
  "workspace-members-add": {
    status: 200,
    owned: true,
    prepare: async (platform) => ({
      params: await ofWorkspace(platform),
      json: { user_id: (await newUser(platform)).id, workspace_role: "workspace_user" },
    }),
  },
  "workspace-members-update": owned(newMember, { json: { workspace_role: "workspace_developer" } }),
  "workspace-members-remove": owned(newMember),
  "api-keys-list": plain(),
  "api-keys-get": owned(ofKey),
  "api-keys-update": owned(ofKey, { json: { name: "renamed" } }),
  "organizations-rate-limits-list": plain(),
  "workspaces-rate-limits-list": owned(ofWorkspace),
  "workspaces-rate-limits-update": owned(ofRateLimit, { json: { limits: [{ type: "requests_per_minute", value: 1 }] } }),
  "audit-log-list": plain(),
  "rate-limits-usage": plain(),
  "spend-limits-progress": plain(),
  "billing-get": { ...plain(), forBilling: true },
  "statements-get": { ...plain({ query: "month=2026-11" }), forBilling: true },
  "spend-alerts-get": { ...plain(), forBilling: true },
  "console-spend": plain(),
  "console-spend-increase": plain({ json: { period: "monthly" } }),
  "requests-list": plain(),
  "requests-get": owned(ofRequest),
  // The link's secret is what decides; an organization that has an owner makes none.
  "console-owner": {
    status: 401,
    owned: false,
    prepare: async () => ({ json: { secret: "x", email: "a@example.com", name: "A", password: PASSWORD } }),
  },
  "console-invite": {
    status: 200,
    owned: false,
    prepare: async (platform) => {
      const invite = await newInvite(platform);
      const secret = await platform.accounts.signIn.createInviteLink(invite.id, invite.expiresAt.getTime());
      return { json: { secret, name: "Invited", password: PASSWORD } };
    },
  },
  "console-password-link": {
    status: 200,
    owned: false,
    prepare: async (platform) => {
      const secret = await platform.accounts.signIn.createPasswordLink((await newUser(platform)).id);
      return { json: { secret, password: PASSWORD } };
    },
  },
  "console-sign-in": { ...plain({ json: { email: "nobody@example.com", password: PASSWORD } }), status: 401 },
  "console-sign-in-methods": plain(),
  "console-openid": { ...plain(), status: 404 },
  // Nobody here has come through a provider.
  "console-openid-confirm": { ...plain(), status: 404 },
  "console-openid-callback": { ...plain(), status: 404 },
  "console-session": plain(),
  "console-sessions": plain(),
  "console-sessions-end": { ...owned(async () => ({ session_id: "session_none" })), status: 404 },
  "console-prompts-list": { ...plain(), forUsersOfModels: true },
  "console-prompts-create": { ...plain({ json: { name: "some", content: PROMPT } }), forUsersOfModels: true },
  "console-prompts-get": { ...owned(ofPrompt), forUsersOfModels: true },
  "console-prompts-update": { ...owned(ofPrompt, { json: { name: "renamed" } }), forUsersOfModels: true },
  "console-prompts-delete": { ...owned(ofPrompt), forUsersOfModels: true },
  "console-models": plain(),
  "console-events": plain(),
  "console-models-load": { ...plain({ params: { weights: "tiny" } }), forAdministrators: true },
  "console-models-unload": { ...plain({ params: { weights: "tiny" } }), forAdministrators: true },
  "console-routes-reload": { ...plain(), forAdministrators: true },
  "console-upstreams-drain": { ...plain({ params: { upstream: "unheard-of" } }), status: 404, forAdministrators: true },
  "console-upstreams-resume": { ...plain({ params: { upstream: "unheard-of" } }), status: 404, forAdministrators: true },
  "console-models-pull": { ...plain({ params: { weights: "unheard-of" } }), status: 404, forAdministrators: true },
  "console-models-pull-stop": { ...plain({ params: { weights: "unheard-of" } }), status: 404, forAdministrators: true },
  "console-api-keys-create": { ...plain({ json: { name: "made" } }), forAdministrators: true },
  "console-api-keys-rotate": { ...owned(ofKey, { json: { overlap_hours: 1 } }), forAdministrators: true },
  "console-api-keys-uses": { ...plain({ query: "api_key_ids[]=apikey_none" }), forAdministrators: true },
  "console-workspaces": plain(),
  "console-invites-link": {
    status: 200,
    owned: true,
    forAdministrators: true,
    prepare: async (platform) => ({ params: await ofInvite(platform) }),
  },
  "console-sign-out": plain({ json: {} }),
  "console-reauthenticate": plain({ json: { password: PASSWORD } }),
  "console-password": plain({ json: { current_password: PASSWORD, password: PASSWORD } }),
  "console-second-factor-enrol": plain({ json: {} }),
  "console-second-factor-confirm": { ...plain({ json: { code: "000000" } }), status: 400 },
  // Nothing is on that could be turned off.
  "console-second-factor-disable": { ...plain({ json: { code: "000000" } }), status: 401 },
  openapi: plain(),
  healthz: plain(),
  "server-status": { ...plain(), isOfServer: true },
  "oauth-metadata": plain(),
  "oauth-device-authorization": plain(),
  "oauth-token": { ...plain(), status: 400 },
  "device-page": { ...plain(), status: 302 },
  "console-device": { ...plain({ json: { user_code: "BCDF-GHJK" } }), status: 404 },
  "console-device-decide": { ...plain({ json: { user_code: "BCDF-GHJK", approve: true } }), status: 404 },
  "managed-settings": { ...plain(), status: 404, forClaudeCode: true },
  "telemetry-metrics": { ...plain({ json: {} }), forClaudeCode: true, isOfServer: true },
  "telemetry-logs": { ...plain({ json: {} }), forClaudeCode: true, isOfServer: true },
  "telemetry-traces": { ...plain({ json: {} }), forClaudeCode: true, isOfServer: true },
  readyz: plain(),
  metrics: plain(),
};
