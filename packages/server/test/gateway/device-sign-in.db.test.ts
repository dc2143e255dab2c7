import Anthropic from "@anthropic-ai/sdk";
import { spawn } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClientFleet } from "../../src/client-fleet/create-client-fleet.ts";
import { sendByHttp } from "../../src/client-fleet/send-by-http.ts";
import { sessionCookieName } from "../../src/endpoints/shared/session-cookie.ts";
import { type Accounts, createAccounts } from "../../src/sign-in/create-accounts.ts";
import { createMemoryBucketStore } from "../../src/limits/memory-bucket-store.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { HELLO, scripted } from "../../src/doors/testing/scripted-engine.ts";
import { until } from "../../src/doors/testing/start-test-server.ts";
import { createKey, listKeys, revokeKey, rotateKey } from "../../src/auth/manage-api-keys.ts";
import { createAwsKey } from "../../src/auth/manage-aws-keys.ts";
import { createOrganization } from "../../src/tenancy/create-organization.ts";
import { addUser, removeUser, updateUserRole } from "../../src/tenancy/manage-users.ts";
import { signUserOut } from "../../src/tenancy/sign-user-out.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { runCli } from "../support/run-cli.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

const GRANT = "urn:ietf:params:oauth:grant-type:device_code";
const CLIENT = "claude-cli/2.1.330 (external, cli)";

interface Codes {
  readonly device_code: string;
  readonly user_code: string;
}
interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly error?: string;
}

let platform: Platform;
let nowMs = Date.now();
const clock = { ...systemClock, nowMs: () => nowMs, monotonicMs: () => nowMs };
/** A node whose sign-ins go by a clock of the test's. */
let node: Awaited<ReturnType<Platform["startNode"]>>;
let accounts: Accounts;
let owner: string;

beforeAll(async () => {
  platform = await startPlatform();
  const { keys, master } = platform;
  accounts = createAccounts({
    storage: keys.storage,
    people: platform.accounts.people,
    buckets: createMemoryBucketStore({ clock }),
    master,
    openId: null,
    keys,
    deviceLifetimeMs: 7_200_000,
    clock,
  });
  node = await platform.startNode({ accounts });
  owner = await cookieOf(await member("primary_owner"));
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await platform[Symbol.asyncDispose]();
});

let members = 0;
async function member(role: "primary_owner" | "developer" | "billing" | "claude_code_user") {
  members += 1;
  const { keys, organizationId } = platform;
  return addUser(keys, { ...SYSTEM, organizationId }, { email: `p${members}@example.com`, name: `P${members}`, role });
}

async function cookieOf({ id }: { readonly id: string }): Promise<string> {
  const person = await platform.accounts.people.findById(id);
  const { token } = await platform.accounts.sessions.begin(person!, null);
  return `${sessionCookieName(platform.url)}=${token}`;
}

const post = (path: string, form: Record<string, string>) =>
  fetch(`${node.url}${path}`, { method: "POST", body: new URLSearchParams(form), headers: { "user-agent": CLIENT } });
const begin = async () => (await (await post("/oauth/device_authorization", { client_id: "x" })).json()) as Codes;

async function poll({ device_code }: Codes) {
  const reply = await post("/oauth/token", { grant_type: GRANT, device_code });
  return { status: reply.status, ...((await reply.json()) as Tokens) };
}

async function refresh(refreshToken: string) {
  const reply = await post("/oauth/token", { grant_type: "refresh_token", refresh_token: refreshToken });
  return { status: reply.status, ...((await reply.json()) as Tokens) };
}

async function asPerson(cookie: string, path: string, body: unknown) {
  const reply = await fetch(`${node.url}/console/api${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { cookie, "content-type": "application/json", "sec-fetch-site": "same-origin" },
  });
  return { status: reply.status, json: (await reply.json()) as Record<string, unknown> };
}
const approve = (cookie: string, { user_code }: Codes) => asPerson(cookie, "/device/decision", { user_code, approve: true });

async function signIn(cookie = owner): Promise<Tokens> {
  const codes = await begin();
  expect((await approve(cookie, codes)).status).toBe(200);
  return poll(codes);
}

const use = (token: string) => fetch(`${node.url}/v1/models`, { headers: bearer(token) });
const bearer = (token: string) => ({ authorization: `Bearer ${token}`, "anthropic-version": "2023-06-01" });

describe("a device", () => {
  test("is signed in by whoever agrees in the Console, and uses models in their name", async () => {
    const metadata = await (await fetch(`${node.url}/.well-known/oauth-authorization-server`)).json();
    expect(metadata).toMatchObject({
      issuer: node.url,
      device_authorization_endpoint: `${node.url}/oauth/device_authorization`,
      token_endpoint: `${node.url}/oauth/token`,
      grant_types_supported: [GRANT, "refresh_token"],
    });
    const reply = await post("/oauth/device_authorization", {});
    expect(reply.headers.get("cache-control")).toBe("no-store");
    const codes = (await reply.json()) as Codes;
    expect(codes).toMatchObject({
      device_code: expect.stringMatching(/^[\w-]{43}$/),
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
      verification_uri: `${node.url}/device`,
      verification_uri_complete: `${node.url}/device?user_code=${codes.user_code}`,
      expires_in: 600,
      interval: 5,
    });
    const page = await fetch(`${node.url}/device?user_code=${codes.user_code}`, { redirect: "manual" });
    expect([page.status, page.headers.get("location")]).toEqual([302, `/console/device?user_code=${codes.user_code}`]);
    expect(await poll(codes)).toMatchObject({ status: 400, error: "authorization_pending" });

    const person = await member("claude_code_user");
    const cookie = await cookieOf(person);
    const typed = codes.user_code.toLowerCase().replace("-", " ");
    expect(await asPerson(cookie, "/device", { user_code: typed })).toMatchObject({
      status: 200,
      json: { user_agent: CLIENT, network: "127.0.0.1" },
    });
    expect((await approve(cookie, codes)).status).toBe(200);
    const tokens = await poll(codes);
    expect(tokens).toMatchObject({ status: 200, token_type: "Bearer", expires_in: 3_600 });
    node.engine.play(scripted(HELLO));
    const client = new Anthropic({ baseURL: node.url, apiKey: null, authToken: tokens.access_token, maxRetries: 0 });
    const message = await client.messages.create({
      model: "claude-haiku-4-5",
      max_tokens: 10,
      messages: [{ role: "user", content: "Hi" }],
    });
    expect(message.type).toBe("message");
    const keys = (await (
      await fetch(`${node.url}/v1/organizations/api_keys?created_by_user_id=${person.id}`, {
        headers: { cookie: owner, "sec-fetch-site": "same-origin" },
      })
    ).json()) as { data: unknown };
    expect(keys.data).toMatchObject([{ name: `Device sign-in: ${CLIENT}`, status: "active", created_by: { id: person.id } }]);
  });

  test("gets nothing for a code that is used, refused, too old, unknown, or asked about too often", async () => {
    const used = await begin();
    await approve(owner, used);
    expect((await poll(used)).status).toBe(200);
    expect(await poll(used)).toMatchObject({ status: 400, error: "invalid_grant" });
    expect((await approve(owner, used)).status).toBe(404);

    const refused = await begin();
    expect((await asPerson(owner, "/device/decision", { user_code: refused.user_code, approve: false })).status).toBe(200);
    expect(await poll(refused)).toMatchObject({ status: 400, error: "access_denied" });

    const hasty = await begin();
    expect((await poll(hasty)).error).toBe("authorization_pending");
    expect((await poll(hasty)).error).toBe("slow_down");
    nowMs += 5_000;
    // Ten seconds are asked for now.
    expect((await poll(hasty)).error).toBe("slow_down");
    nowMs += 15_000;
    expect((await poll(hasty)).error).toBe("authorization_pending");
    nowMs += 600_000;
    expect((await poll(hasty)).error).toBe("expired_token");
    expect((await approve(owner, hasty)).status).toBe(404);

    expect((await poll({ device_code: "x".repeat(43), user_code: "" })).error).toBe("invalid_grant");
    for (const [form, error] of [
      [{}, "invalid_request"],
      [{ grant_type: GRANT }, "invalid_request"],
      [{ grant_type: "password" }, "unsupported_grant_type"],
    ] as const) {
      expect(((await (await post("/oauth/token", form)).json()) as Tokens).error).toBe(error);
    }
  });

  test("is signed in by nobody who may not use models, and not from another site", async () => {
    const codes = await begin();
    expect((await approve(await cookieOf(await member("billing")), codes)).status).toBe(403);
    const foreign = await fetch(`${node.url}/console/api/device/decision`, {
      method: "POST",
      body: JSON.stringify({ user_code: codes.user_code, approve: true }),
      headers: {
        cookie: owner,
        "content-type": "application/json",
        "sec-fetch-site": "cross-site",
        origin: "https://evil.example",
      },
    });
    expect(foreign.status).toBe(403);
    nowMs += 6_000;
    expect((await poll(codes)).error).toBe("authorization_pending");
  });
});

describe("tokens", () => {
  test("are renewed, each refresh token once, and end with the sign-in", async () => {
    const first = await signIn();
    nowMs += 3_500_000;
    const second = await refresh(first.refresh_token);
    expect([second.status, (await use(second.access_token)).status]).toEqual([200, 200]);
    // Two processes of one device may ask at once.
    expect((await refresh(first.refresh_token)).status).toBe(200);
    nowMs += 3_600_000;
    const last = await refresh(second.refresh_token);
    expect(last.status).toBe(200);
    nowMs += 3_600_000;
    expect(await refresh(last.refresh_token)).toMatchObject({ status: 401, error: "invalid_grant" });
  });

  test("end at once where a refresh token is shown again later: somebody else has it", async () => {
    const first = await signIn();
    const second = await refresh(first.refresh_token);
    nowMs += 60_000;
    expect(await refresh(first.refresh_token)).toMatchObject({ status: 401, error: "invalid_grant" });
    await expect.poll(async () => (await use(second.access_token)).status).toBe(401);
    expect((await refresh(second.refresh_token)).status).toBe(401);
  });

  test("of a refresh token that two have shown in one moment go on with the first that is used, and end where the others are", async () => {
    for (const isThiefFirst of [false, true]) {
      const { refresh_token: shown } = await signIn();
      const ofBoth = [await refresh(shown), await refresh(shown)];
      const [first, second] = isThiefFirst ? ofBoth.toReversed() : ofBoth;
      expect(ofBoth.map(({ status }) => status)).toEqual([200, 200]);
      nowMs += 10_000;
      const next = await refresh(first!.refresh_token);
      expect(next.status).toBe(200);
      // Now there is no branch beside it: whoever comes with another has it from somebody.
      expect(await refresh(second!.refresh_token)).toMatchObject({ status: 401, error: "invalid_grant" });
      for (const { refresh_token: token } of [next, first!, ...ofBoth]) expect((await refresh(token)).status).toBe(401);
      await expect.poll(async () => (await use(next.access_token)).status).toBe(401);
    }
    // Nor do its first tokens come again once one of the next has been used.
    const { refresh_token: again } = await signIn();
    expect((await refresh((await refresh(again)).refresh_token)).status).toBe(200);
    expect(await refresh(again)).toMatchObject({ status: 401, error: "invalid_grant" });
  });

  test("of two that renew one token at once only one goes on", async () => {
    const { refresh_token: shown } = await signIn();
    const [first, second] = [await refresh(shown), await refresh(shown)];
    const both = await Promise.all([first, second].map(({ refresh_token: token }) => refresh(token)));
    expect(both.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([200, 401]);
  });

  test("are asked for only so often, by one code and by one network", async () => {
    const codes = await begin();
    const form = { grant_type: GRANT, device_code: codes.device_code };
    const replies = await Promise.all(Array.from({ length: 31 }, () => post("/oauth/token", form)));
    const limited = replies.filter(({ status }) => status === 429);
    expect(limited.map(({ headers }) => headers.get("retry-after"))).toEqual(["2"]);
    // Others of the same network are not hindered, until there are too many.
    expect((await signIn()).access_token).toMatch(/^parley-at01-/);
    const trace = { networkAddress: "127.0.0.1", userAgent: null, requestId: null };
    await Promise.allSettled(Array.from({ length: 1_200 }, (_, index) => accounts.devices.refresh(`guess ${index}`, trace)));
    expect((await refresh("guess")).status).toBe(429);
    nowMs += 60_000;
    expect((await refresh("guess")).status).toBe(401);
  });

  test("end with the person", async () => {
    const person = await member("developer");
    const tokens = await signIn(await cookieOf(person));
    expect((await use(tokens.access_token)).status).toBe(200);
    await removeUser(platform.keys, { ...SYSTEM, organizationId: platform.organizationId }, person.id);
    await expect.poll(async () => (await use(tokens.access_token)).status).toBe(401);
    expect((await refresh(tokens.refresh_token)).status).toBe(401);
  });

  test("end when their person is signed out everywhere, those that were agreed to and not fetched yet as well", async () => {
    const person = await member("developer");
    const cookie = await cookieOf(person);
    const tokens = await signIn(cookie);
    const agreed = await begin();
    expect((await approve(cookie, agreed)).status).toBe(200);
    await signUserOut(platform.keys, { ...SYSTEM, organizationId: platform.organizationId }, person.id);
    expect(await poll(agreed)).toMatchObject({ status: 400, error: "access_denied" });
    expect((await refresh(tokens.refresh_token)).status).toBe(401);
  });

  test("of one kind are none of the other", async () => {
    const tokens = await signIn();
    expect((await use(tokens.refresh_token)).status).toBe(401);
    expect((await refresh(tokens.access_token)).status).toBe(401);
  });
});

describe("who may use Claude Code alone", () => {
  test("reaches models by every door, nothing that is stored, and the rest of the workspace as soon as the role is another", async () => {
    const person = await member("claude_code_user");
    const { access_token: token } = await signIn(await cookieOf(person));
    const ask = async (path: string, json: unknown = null) => {
      const init = json === null ? {} : { method: "POST", body: JSON.stringify(json) };
      const headers = { ...bearer(token), "content-type": "application/json", "anthropic-beta": "files-api-2025-04-14" };
      const reply = await fetch(`${node.url}${path}`, { ...init, headers });
      return { status: reply.status, body: (await reply.json()) as { error?: { type: string; message: string } } };
    };
    const messages = [{ role: "user", content: "Hi" }];
    const plain = { model: "claude-haiku-4-5", max_tokens: 10, messages };
    const { model: _, ...unnamed } = plain;
    const byDoor = {
      "/v1/messages": plain,
      "/v1/chat/completions": plain,
      "/anthropic/v1/messages": plain,
      "/model/anthropic.claude-haiku-4-5/invoke": { ...unnamed, anthropic_version: "bedrock-2023-05-31" },
      "/v1/projects/p/locations/global/publishers/anthropic/models/claude-haiku-4-5:rawPredict": {
        ...unnamed,
        anthropic_version: "vertex-2023-10-16",
      },
    };
    for (const [path, json] of Object.entries(byDoor)) {
      node.engine.play(scripted(HELLO));
      expect((await ask(path, json)).status, path).toBe(200);
    }
    for (const path of ["/v1/files", "/v1/skills", "/v1/messages/batches"]) {
      expect(await ask(path), path).toMatchObject({ status: 403, body: { error: { type: "permission_error" } } });
    }
    // What others have stored is not to be had by naming it either.
    const source = { type: "file", file_id: "file_011CNha8iCJcU1wXNR6q4V8w" };
    const named = [
      { ...plain, messages: [{ role: "user", content: [{ type: "document", source }] }] },
      { ...plain, container: "container_011CNha8iCJcU1wXNR6q4V8w" },
    ];
    for (const each of named) expect((await ask("/v1/messages", each)).body.error).toMatchObject({ type: "permission_error" });
    await updateUserRole(platform.keys, { ...SYSTEM, organizationId: platform.organizationId }, person.id, "developer");
    await expect.poll(async () => (await ask("/v1/files")).status).toBe(200);
  });
});

describe("the key that stands for a sign-in", () => {
  test("gives no other key that reaches further: it is neither rotated nor signed with, before its first tokens nor after", async () => {
    const person = await member("claude_code_user");
    const codes = await begin();
    await approve(await cookieOf(person), codes);
    const [key] = (await listKeys(platform.keys)).filter(({ name }) => name === `Device sign-in: ${CLIENT}`).slice(-1);
    const id = key?.id ?? "";
    const refusal = { type: "invalid_request_error", publicMessage: expect.stringContaining("stands for a sign-in on a device") };
    const derive = async () => {
      await expect(createAwsKey(platform.keys, id, SYSTEM)).rejects.toMatchObject(refusal);
      await expect(rotateKey(platform.keys, id, 60_000, SYSTEM)).rejects.toMatchObject(refusal);
    };
    await derive();
    const tokens = await poll(codes);
    await derive();
    // An administrator in the Console asks for the same.
    const rotated = await asPerson(owner, `/api-keys/${id}/rotate`, { overlap_hours: 1 });
    expect([rotated.status, rotated.json["error"]]).toMatchObject([400, { type: "invalid_request_error" }]);
    // The sign-in goes on, and can be ended.
    expect((await use(tokens.access_token)).status).toBe(200);
    await revokeKey(platform.keys, id, SYSTEM);
    expect((await refresh(tokens.refresh_token)).status).toBe(401);
  });
});

describe("the command line", () => {
  test("signs in, keeps the tokens to itself, and prints one for apiKeyHelper", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "parley-login-"));
    try {
      const main = join(import.meta.dirname, "../../src/cli/main.ts");
      const child = spawn(process.execPath, ["--conditions=source", main, "login", "--url", node.url, "--data", dataDir]);
      let told = "";
      child.stderr.on("data", (part: Buffer) => (told += part.toString()));
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
      await until(() => /code [A-Z]{4}-[A-Z]{4}/.test(told), 30_000);
      await approve(owner, { user_code: /code ([A-Z-]+)/.exec(told)?.[1] ?? "", device_code: "" });
      expect(await ended).toBe(0);
      expect((await stat(join(dataDir, "logins.json"))).mode & 0o077).toBe(0);
      const token = await runCli(["token", "--url", `${node.url}/`, "--data", dataDir]);
      expect([token.code, (await use(token.stdout.trim())).status]).toEqual([0, 200]);
      expect((await runCli(["logout", "--url", node.url, "--data", dataDir])).code).toBe(0);
      expect((await runCli(["token", "--url", node.url, "--data", dataDir])).stderr).toContain(`parley login --url ${node.url}`);
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  }, 120_000);
});

describe("a signed-in machine", () => {
  test("gets its managed settings, and its telemetry is passed on without its token", async () => {
    const seen: { path: string; headers: Record<string, unknown>; body: string }[] = [];
    const collector = createServer((incoming, outgoing) => {
      const parts: Buffer[] = [];
      incoming.on("data", (part: Buffer) => parts.push(part));
      incoming.on("end", () => {
        seen.push({ path: incoming.url ?? "", headers: incoming.headers, body: Buffer.concat(parts).toString("latin1") });
        outgoing.end("{}");
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    const { organizationId, keys } = platform;
    const clientFleet = createClientFleet({
      organizationId,
      buckets: createMemoryBucketStore({ clock: systemClock }),
      managedSettings: { permissions: { deny: ["WebFetch"] }, env: { OTEL_TRACES_EXPORTER: "none" } },
      telemetryTo: [{ url, headers: { "x-tenant": "ours" } }],
      send: sendByHttp(),
      log: { warn() {} },
    });
    await using managed = await platform.startNode({ clientFleet });
    const headers = bearer((await signIn()).access_token);
    const reply = await fetch(`${managed.url}/managed/settings`, { headers: { authorization: headers.authorization } });
    const settings = (await reply.json()) as { checksum: string };
    expect(settings).toMatchObject({
      uuid: expect.stringMatching(/^sha256:/),
      settings: {
        permissions: { deny: ["WebFetch"] },
        env: {
          CLAUDE_CODE_ENABLE_TELEMETRY: "1",
          OTEL_METRICS_EXPORTER: "otlp",
          OTEL_TRACES_EXPORTER: "none",
          OTEL_EXPORTER_OTLP_ENDPOINT: managed.url,
        },
      },
    });
    const again = await fetch(`${managed.url}/managed/settings`, {
      headers: { ...headers, "if-none-match": reply.headers.get("etag") ?? "" },
    });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    const body = Buffer.from([0x1f, 0x8b, 0, 255, 1]);
    const sent = await fetch(`${managed.url}/v1/logs`, {
      method: "POST",
      body,
      headers: { authorization: headers.authorization, "content-type": "application/x-protobuf", "content-encoding": "gzip" },
    });
    expect([sent.status, await sent.json()]).toEqual([200, {}]);
    await until(() => seen.length === 1);
    expect(seen[0]).toMatchObject({
      path: "/v1/logs",
      headers: { "content-type": "application/x-protobuf", "content-encoding": "gzip", "x-tenant": "ours" },
      body: body.toString("latin1"),
    });
    expect(seen[0]?.headers["authorization"]).toBeUndefined();
    collector.closeAllConnections();
    collector.close();
    // Another organization on this server has its own people: neither get they these settings, nor does it write to this collector.
    const foreign = await createOrganization(keys, "Foreign", SYSTEM);
    const { secret } = await createKey(keys, { name: "foreign", workspaceId: foreign.workspaceId, expiresAtMs: null }, SYSTEM);
    expect((await fetch(`${managed.url}/managed/settings`, { headers: bearer(secret) })).status).toBe(404);
    const intruding = await fetch(`${managed.url}/v1/logs`, { method: "POST", body: "{}", headers: bearer(secret) });
    expect(await intruding.json()).toMatchObject({ error: { type: "permission_error" } });
    // A collector that is away is not the machine's matter.
    expect((await fetch(`${managed.url}/v1/metrics`, { method: "POST", body: "{}", headers })).status).toBe(200);
    // Nothing is set for machines here: 404 says so.
    expect((await fetch(`${platform.url}/managed/settings`, { headers })).status).toBe(404);
  });

  test("sends so much telemetry and no more", async () => {
    const { organizationId } = platform;
    const buckets = createMemoryBucketStore({ clock });
    const quiet = { managedSettings: null, telemetryTo: [], send: async () => {}, log: { warn() {} } };
    await using receiving = await platform.startNode({ clientFleet: createClientFleet({ ...quiet, organizationId, buckets }) });
    const send = async (headers: Record<string, string>, bytes: number) => {
      const reply = await fetch(`${receiving.url}/v1/traces`, { method: "POST", body: new Uint8Array(bytes), headers });
      await reply.arrayBuffer();
      return reply;
    };
    const headers = bearer((await signIn()).access_token);
    expect((await send(headers, 4 * 1024 ** 2 + 1)).status).toBe(413);
    for (let sent = 0; sent < 16; sent += 1) expect((await send(headers, 4 * 1024 ** 2)).status).toBe(200);
    const limited = await send(headers, 4 * 1024 ** 2);
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "4"]);
    // Each key has its own.
    expect((await send(bearer((await signIn()).access_token), 10)).status).toBe(200);
  });
});
