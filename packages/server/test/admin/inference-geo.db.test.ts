import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey } from "../../src/auth/manage-api-keys.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createInferenceGeos } from "../../src/tenancy/create-inference-geos.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

/** One node that promises nothing, and one that stands in the United States. */
let platform: Platform;
let inUs: Awaited<ReturnType<Platform["startNode"]>>;
let admin: Anthropic["organization"];
beforeAll(async () => {
  platform = await startPlatform();
  const inferenceGeos = createInferenceGeos({ storage: platform.storage, clock: systemClock, standsIn: "us" });
  inUs = await platform.startNode({ inferenceGeos });
  admin = new Anthropic({ baseURL: platform.url, apiKey: platform.adminKey, maxRetries: 0 }).organization;
});
afterAll(async () => {
  await inUs?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

const NOWHERE = "inference_geo: only 'global' is supported: this server does not know where it stands";

/** What `usage` tells of a message's geography, or why there is none. */
async function geoOf(url: string, key: string, asked?: string): Promise<string | null> {
  const { messages } = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
  const body = { model: "claude-opus-4-6", max_tokens: 10, messages: [{ role: "user" as const, content: "Hi" }] };
  return messages.create({ ...body, ...(asked === undefined ? {} : { inference_geo: asked }) }).then(
    ({ usage }) => usage.inference_geo,
    (error: unknown) => (error as { error: { error: { message: string } } }).error.error.message,
  );
}

async function keyOf(
  residency: Anthropic.Organization.DataResidencyCreateConfig,
): Promise<{ secret: string; workspaceId: string }> {
  const { id: workspaceId } = await admin.workspaces.create({ name: "Somewhere", data_residency: residency });
  return createKey(platform.keys, { name: "k", workspaceId, expiresAtMs: null }, SYSTEM);
}

test("a workspace's default holds where the request asks for nothing, and only where the server can promise it", async () => {
  const { secret } = await keyOf({ default_inference_geo: "us" });
  expect(await geoOf(inUs.url, secret)).toBe("us");
  expect(await geoOf(inUs.url, secret, "global")).toBe("global");
  expect(await geoOf(platform.url, secret)).toBe(NOWHERE);
  expect(await geoOf(platform.url, secret, "global")).toBe("global");
});

test("what a workspace does not allow is refused on every server", async () => {
  const { secret } = await keyOf({ allowed_inference_geos: ["us"], default_inference_geo: "us" });
  expect(await geoOf(inUs.url, secret)).toBe("us");
  expect(await geoOf(inUs.url, secret, "global")).toBe("inference_geo: this workspace allows only 'us'");
  expect(await geoOf(platform.url, secret, "global")).toBe("inference_geo: this workspace allows only 'us'");
});

test("without a rule everything runs globally, and a place that is none is told", async () => {
  expect(await geoOf(inUs.url, platform.apiKey)).toBe("global");
  expect(await geoOf(inUs.url, platform.apiKey, "us")).toBe("us");
  expect(await geoOf(platform.url, platform.apiKey, "us")).toBe(NOWHERE);
  expect(await geoOf(inUs.url, platform.apiKey, "eu")).toBe("inference_geo: Input should be 'global' or 'us'");
});

test("a changed rule holds on every server within a second", async () => {
  const { secret, workspaceId } = await keyOf({});
  expect(await geoOf(inUs.url, secret)).toBe("global");
  await admin.workspaces.update(workspaceId, { data_residency: { default_inference_geo: "us" } });
  const changedAtMs = performance.now();
  await expect.poll(() => geoOf(inUs.url, secret), { interval: 20 }).toBe("us");
  // A second, and one more for a machine that is busy.
  expect(performance.now() - changedAtMs).toBeLessThan(2_000);
});
