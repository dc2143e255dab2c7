import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createAdminKey } from "../../src/auth/manage-admin-keys.ts";
import { until } from "../../src/doors/testing/start-test-server.ts";
import { steerModels } from "../../src/endpoints/shared/steer-models.ts";
import type { SessionRequest } from "../../src/endpoints/define-endpoint.ts";
import type { EndpointDeps } from "../../src/endpoints/deps.ts";
import { createOrganization } from "../../src/tenancy/create-organization.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { runCli } from "../support/run-cli.ts";
import { runInTerminal } from "../support/run-in-terminal.ts";
import { startPlatform, type Platform } from "../support/start-platform.ts";

const main = join(import.meta.dirname, "../../src/cli/main.ts");

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
    .filter(({ action }) => /^(model|routes|upstream)\./.test(action))
    .map(({ action, target }) => `${action} ${target.id}`);
}

test("who loads and unloads models, or changes who answers for them, is on the audit log; what was refused is not", async () => {
  expect((await call("/console/api/models", "GET")).json).toMatchObject({ may_steer: true });
  expect((await call("/console/api/models/tiny/load")).status).toBe(200);
  expect((await call("/console/api/models/tiny/unload")).status).toBe(200);
  expect((await call("/console/api/models/unheard-of/pull")).status).toBe(404);
  expect((await call("/console/api/routes/reload")).status).toBe(200);
  expect((await call("/console/api/upstreams/unheard-of/drain")).status).toBe(404);
  expect((await call("/console/api/upstreams/unheard-of/drain", "DELETE")).status).toBe(404);
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

test("parley top fills a terminal, follows its size, and leaves it as it was at Ctrl-C", async () => {
  const command = [process.execPath, "--conditions=source", main, "top", "--every", "1", "--url", platform.url];
  const top = runInTerminal(command, { PARLEY_ADMIN_KEY: platform.adminKey });
  onTestFinished(() => top.kill());
  /** The lines of the last look that is whole for sure. */
  const screen = () => (top.written().split("\u001B[H").at(-2) ?? "").replaceAll("\u001B[K", "").split(/\r+\n/);
  await until(() => screen().some((line) => line.startsWith("Spend ")), 30_000);
  expect(top.written().indexOf("\u001B[?1049h")).toBe(0);
  top.resize(40, 5);
  await until(() => screen().length === 5, 30_000);
  expect(Math.max(...screen().map((line) => line.length))).toBeLessThanOrEqual(40);
  expect(screen().at(-1)).toMatch(/^… \d+ more lines: make the window /);
  // An arrow is not Escape.
  top.type("\u001B[A");
  top.resize(100, 30);
  await until(() => screen().some((line) => line.startsWith("Spend ")), 30_000);
  top.type("\u0003");
  expect(await top.ended()).toEqual({ status: 0, restored: true });
  expect(top.written().endsWith("\u001B[?7h\u001B[?25h\u001B[?1049l")).toBe(true);
});
