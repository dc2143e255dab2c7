import { afterAll, beforeAll, expect, test } from "vitest";
import { createAdminKey } from "../../src/auth/manage-admin-keys.ts";
import { steerModels } from "../../src/endpoints/shared/steer-models.ts";
import type { SessionRequest } from "../../src/endpoints/define-endpoint.ts";
import type { EndpointDeps } from "../../src/endpoints/deps.ts";
import { createOrganization } from "../../src/tenancy/create-organization.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { runCli } from "../support/run-cli.ts";
import { startPlatform, type Platform } from "../support/start-platform.ts";

let platform: Platform;
let cookie = "";

async function call(path: string, method = "POST", body?: unknown) {
  const reply = await fetch(`${platform.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: {
      "sec-fetch-site": "same-origin",
      ...(cookie === "" ? {} : { cookie }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
  });
  return { status: reply.status, headers: reply.headers, json: (await reply.json()) as Record<string, unknown> };
}

interface Entry {
  readonly action: string;
  readonly target: { readonly id: string };
}

beforeAll(async () => {
  platform = await startPlatform();
  const secret = await platform.accounts.signIn.createOwnerLink();
  const owner = { email: "ann@example.com", name: "Ann", password: "correct horse battery" };
  const { headers } = await call("/console/api/owner", "POST", { secret, ...owner });
  cookie = headers.getSetCookie()[0]?.split(";")[0] ?? "";
});
afterAll(() => platform[Symbol.asyncDispose]());

async function steered(): Promise<string[]> {
  const { json } = await call("/v1/organizations/audit_log?limit=100", "GET");
  return (json["data"] as Entry[])
    .filter(({ action }) => /^(model|routes)\./.test(action))
    .map(({ action, target }) => `${action} ${target.id}`);
}

test("who loads and unloads models, or changes who answers for them, is on the audit log; what was refused is not", async () => {
  expect((await call("/console/api/models", "GET")).json).toMatchObject({ may_steer: true });
  expect((await call("/console/api/models/tiny/load")).status).toBe(200);
  expect((await call("/console/api/models/tiny/unload")).status).toBe(200);
  expect((await call("/console/api/models/unheard-of/pull")).status).toBe(404);
  expect((await call("/console/api/routes/reload")).status).toBe(200);
  expect((await steered()).toSorted()).toEqual(["model.load tiny", "model.unload tiny", "routes.reload routes"]);
});

test("administrators of another organization do not steer the models of a server that they do not own", async () => {
  const { organizationId } = await createOrganization(platform.keys, "Guests", SYSTEM);
  let loads = 0;
  const request = { session: { organizationId, userId: "user_guest", role: "primary_owner" }, params: { weights: "tiny" } };
  const steering = steerModels(
    request as unknown as SessionRequest,
    { tenancy: platform.keys } as unknown as EndpointDeps,
    "model.load",
    async () => void (loads += 1),
  );
  await expect(steering).rejects.toMatchObject({ type: "permission_error" });
  expect(loads).toBe(0);
});

test("parley top shows an administrator how the server is, and nobody else", async () => {
  const top = (key: string) => runCli(["top", "--once", "--json", "--url", platform.url, "--key", key]);
  const shown = await top(platform.adminKey);
  expect(JSON.parse(shown.stdout)).toMatchObject({
    type: "server_status",
    turns_running: 0,
    models: { type: "console_models", weights: [{ name: "tiny" }] },
    today: { requests: 0, amount: "0" },
  });
  expect(await top(platform.apiKey)).toMatchObject({ code: 1, stderr: expect.stringContaining("invalid x-api-key") });
  const { organizationId } = await createOrganization(platform.keys, "Others", SYSTEM);
  const foreign = await createAdminKey(platform.keys, { name: "theirs", organizationId, expiresAtMs: null }, SYSTEM);
  expect((await top(foreign.secret)).stderr).toContain("Only administrators of the organization that owns this server");
});
