import { ConsolePrompt, type ConsolePromptContent } from "@parley/wire";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorkspace } from "../../src/tenancy/manage-workspaces.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { startPlatform, type Platform } from "../support/start-platform.ts";

const OWNER = { email: "ann@example.com", name: "Ann", password: "correct horse battery" };
const CONTENT: ConsolePromptContent = {
  model: "claude-haiku-4-5",
  system: "You answer in {{language}}.",
  message: "What is {{thing}}?",
  max_tokens: 100,
  temperature: null,
  thinking: { type: "off" },
  tools: "",
  output_schema: "",
  cache: { tools: false, system: true, message: false, ttl: "5m" },
};

let platform: Platform;
let cookie: string;

async function call(path: string, body?: unknown, { method = "POST", workspaceId = "" } = {}) {
  const reply = await fetch(`${platform.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: {
      "sec-fetch-site": "same-origin",
      cookie,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(workspaceId === "" ? {} : { "anthropic-workspace-id": workspaceId }),
    },
  });
  return { status: reply.status, headers: reply.headers, json: (await reply.json()) as { error?: { message: string } } };
}
const get = (path: string, workspaceId = "") => call(path, undefined, { method: "GET", workspaceId });
const act = () => ({ ...SYSTEM, organizationId: platform.organizationId });
const newWorkspace = (name: string) =>
  createWorkspace(platform.keys, act(), {
    name,
    displayColor: null,
    tags: {},
    allowedInferenceGeos: null,
    defaultInferenceGeo: "global",
  });

beforeAll(async () => {
  platform = await startPlatform();
  cookie = "";
  const secret = await platform.accounts.signIn.createOwnerLink();
  const { headers } = await call("/console/api/owner", { secret, ...OWNER });
  cookie = headers.getSetCookie()[0]?.split(";")[0] ?? "";
});
afterAll(() => platform[Symbol.asyncDispose]());

test("a prompt keeps every version, and saves at once make one each", async () => {
  const made = ConsolePrompt.parse((await call("/console/api/prompts", { name: "Explain", content: CONTENT })).json);
  const path = `/console/api/prompts/${made.id}`;
  const saves = ["a", "b", "c", "d"].map((message) => call(path, { content: { ...CONTENT, message } }));
  expect((await Promise.all(saves)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  const cases = [{ id: "1", values: { thing: "a map" }, output: "A table.", output_tokens: 4, version: 2, rating: 5 }];
  await call(path, { name: "Explain it", cases });
  const whole = ConsolePrompt.parse((await get(path)).json);
  expect(whole).toMatchObject({ name: "Explain it", cases });
  expect(whole.versions.map(({ version }) => version)).toEqual([5, 4, 3, 2, 1]);
  // Each content is sent when it is asked for.
  const opened = await Promise.all(
    [1, 2, 3, 4, 5].map(async (version) => ConsolePrompt.parse((await get(`${path}?version=${version}`)).json)),
  );
  expect(opened.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5]);
  expect(opened.map(({ content }) => content.message).toSorted()).toEqual(["What is {{thing}}?", "a", "b", "c", "d"]);
  expect([whole.version, whole.content]).toEqual([5, opened[4]?.content]);
  expect(JSON.stringify(whole).split("You answer in").length - 1).toBe(1);
  expect((await get(`${path}?version=6`)).status).toBe(404);
  expect((await get(`${path}?version=x`)).status).toBe(400);
  expect((await get("/console/api/prompts")).json).toMatchObject({ data: [{ id: made.id, name: "Explain it", version: 5 }] });
  expect((await call(path, undefined, { method: "DELETE" })).status).toBe(200);
  expect((await get(path)).status).toBe(404);
});

test("another workspace sees, changes and deletes none of them", async () => {
  const made = ConsolePrompt.parse((await call("/console/api/prompts", { name: "Ours", content: CONTENT })).json);
  const { id: workspaceId } = await newWorkspace("Theirs");
  const path = `/console/api/prompts/${made.id}`;
  expect((await get("/console/api/prompts", workspaceId)).json).toEqual({ data: [] });
  const tries = [
    await get(path, workspaceId),
    await call(path, { name: "Taken" }, { workspaceId }),
    await call(path, undefined, { method: "DELETE", workspaceId }),
  ];
  expect(tries.map(({ status }) => status)).toEqual([404, 404, 404]);
  expect((await get(path)).json).toMatchObject({ name: "Ours" });
});

test("a workspace that keeps nothing keeps no prompts, those of before neither", async () => {
  const { id: workspaceId } = await newWorkspace("Silent");
  expect((await call("/console/api/prompts", { name: "Early", content: CONTENT }, { workspaceId })).status).toBe(200);
  await call(`/v1/organizations/workspaces/${workspaceId}/data_retention`, { zero_data_retention: true });
  expect((await get("/console/api/prompts", workspaceId)).json).toEqual({ data: [] });
  const { status, json } = await call("/console/api/prompts", { name: "Secret", content: CONTENT }, { workspaceId });
  expect([status, json.error?.message]).toEqual([400, expect.stringContaining("Saved prompts")]);
});

test("what a prompt cannot be is refused with its path", async () => {
  const { status, json } = await call("/console/api/prompts", { name: "Odd", content: { ...CONTENT, colour: "red" } });
  expect([status, json.error?.message]).toEqual([400, "content.colour: Extra inputs are not permitted"]);
  const half = await call("/console/api/prompts", { name: "Half", content: { ...CONTENT, message: "\ud83d" } });
  expect([half.status, half.json.error?.message]).toEqual([
    400,
    "content.message: String should match pattern '^\\P{Surrogate}*$'",
  ]);
});
