import { AnthropicFoundry } from "@anthropic-ai/foundry-sdk";
import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { HELLO, scripted } from "../../src/doors/testing/scripted-engine.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});
beforeEach(() => platform.engine.play(scripted(HELLO)));

const ASK = { model: "claude-opus-4-6", max_tokens: 50, messages: [{ role: "user" as const, content: "Hi" }] };
const client = (own: ConstructorParameters<typeof AnthropicFoundry>[0] = { apiKey: platform.apiKey }) =>
  new AnthropicFoundry({ baseURL: `${platform.url}/anthropic`, maxRetries: 0, ...own });

test("the official Foundry client gets messages and counts, with a key and with a token", async () => {
  const byToken = client({ azureADTokenProvider: async () => platform.apiKey });
  for (const each of [client(), client({ apiKey: platform.apiKey, baseURL: `${platform.url}/anthropic/` }), byToken]) {
    expect(await each.messages.create(ASK)).toMatchObject({ model: "claude-opus-4-6", content: [{ text: "Hello" }] });
  }
  expect(await client().messages.stream(ASK).finalText()).toBe("Hello");
  const { max_tokens: _maxTokens, ...counted } = ASK;
  expect(await client().messages.countTokens(counted)).toEqual({ input_tokens: 23 });
});

test("api-key is a key's header too", async () => {
  const reply = await fetch(`${platform.url}/anthropic/v1/messages`, {
    method: "POST",
    headers: { "api-key": platform.apiKey, "anthropic-version": "2023-06-01", "content-type": "application/json" },
    body: JSON.stringify(ASK),
  });
  expect(reply.status).toBe(200);
});

test("a wrong key is refused in Azure's words, anything else in Anthropic's", async () => {
  await expect(client({ apiKey: "of-azure" }).messages.create(ASK)).rejects.toMatchObject({
    constructor: Anthropic.AuthenticationError,
    error: { error: { code: "401", message: "invalid x-api-key" } },
  });
  await expect(client().messages.create({ ...ASK, model: "gpt" })).rejects.toMatchObject({
    constructor: Anthropic.NotFoundError,
    error: { type: "error", error: { type: "not_found_error", message: "model: gpt" } },
  });
});

test("no other path of the API is under /anthropic", async () => {
  const reply = await fetch(`${platform.url}/anthropic/v1/models`, {
    headers: { "x-api-key": platform.apiKey, "anthropic-version": "2026-10-21" },
  });
  expect(reply.status).toBe(404);
});
