import { AnthropicVertex } from "@anthropic-ai/vertex-sdk";
import Anthropic from "@anthropic-ai/sdk";
import { OAuth2Client } from "google-auth-library";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { end, HELLO, scripted, start, textBlock, toolBlock } from "../../src/doors/testing/scripted-engine.ts";
import { fail } from "../../src/platform/fail.ts";
import { createInferenceGeos } from "../../src/tenancy/create-inference-geos.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { readTurns } from "../support/read-turns.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});
beforeEach(() => platform.engine.play(scripted(HELLO)));

/** Google's token is the API key; nothing else of the client is told that this is not Google. */
function client({ key = platform.apiKey, url = platform.url, region = "us-east5" } = {}): AnthropicVertex {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: key });
  return new AnthropicVertex({ baseURL: url, region, projectId: "some-project", authClient, maxRetries: 0 });
}

const ASK = { max_tokens: 50, messages: [{ role: "user" as const, content: "Hi" }] };
const MODELS = "/projects/some-project/locations/global/publishers/anthropic/models";

function raw(path: string, body: unknown, key: string | null = platform.apiKey): Promise<Response> {
  return fetch(`${platform.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key === null ? {} : { authorization: `Bearer ${key}` }) },
    body: JSON.stringify(body),
  });
}

test("the official Vertex client gets messages, whole and streamed, of the model in the path, and each is on the ledger", async () => {
  const whole = await client().messages.create({ ...ASK, model: "claude-sonnet-4-5@20250929" });
  expect(whole).toMatchObject({ model: "claude-sonnet-4-5-20250929", content: [{ type: "text", text: "Hello" }] });
  const streamed = client().messages.stream({ ...ASK, model: "claude-haiku-4-5@20251001" });
  let text = "";
  streamed.on("text", (piece) => (text += piece));
  expect(await streamed.finalMessage()).toMatchObject({ model: "claude-haiku-4-5-20251001", stop_reason: "end_turn" });
  expect(text).toBe("Hello");
  const rows = await readTurns(platform.storage);
  expect(rows.map(({ model, message_id }) => [model, message_id])).toEqual([
    ["claude-sonnet-4-5-20250929", whole.id],
    ["claude-haiku-4-5-20251001", expect.stringMatching(/^msg_/)],
  ]);
});

test("a base URL that ends in /v1, as Google's does, leads to the same place", async () => {
  const message = await client({ url: `${platform.url}/v1`, region: "global" }).messages.create({
    ...ASK,
    model: "claude-opus-4-6@default",
  });
  expect(message.model).toBe("claude-opus-4-6");
});

test("tools are called and answered through the Vertex client", async () => {
  platform.engine.play(scripted([start, ...toolBlock(0, "weather", '{"city":', '"Oslo"}'), end({ stopReason: "tool_use" })]));
  const tools: Anthropic.Tool[] = [
    { name: "weather", input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } },
  ];
  const asked = await client()
    .messages.stream({ ...ASK, model: "claude-sonnet-4-5@20250929", tools })
    .finalMessage();
  expect(asked.content).toMatchObject([{ type: "tool_use", name: "weather", input: { city: "Oslo" } }]);
  platform.engine.play(scripted([start, ...textBlock(0, "Rain."), end()]));
  const [call] = asked.content as [Anthropic.ToolUseBlock];
  const answered = await client().messages.create({
    ...ASK,
    model: "claude-sonnet-4-5@20250929",
    tools,
    messages: [
      ...ASK.messages,
      { role: "assistant", content: asked.content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "wet" }] },
    ],
  });
  expect(answered.content).toMatchObject([{ text: "Rain." }]);
});

test("tokens are counted through the Vertex client", async () => {
  const { messages } = ASK;
  const counted = await client().messages.countTokens({ model: "claude-sonnet-4-5@20250929", messages });
  expect(counted).toEqual({ input_tokens: 23 });
  await expect(client().beta.messages.countTokens({ model: "claude-none@1", messages })).rejects.toBeInstanceOf(
    Anthropic.NotFoundError,
  );
});

test("what Google's front would say is said in its form, and what Anthropic would say in Anthropic's", async () => {
  const model = "claude-sonnet-4-5@20250929";
  await expect(client({ key: "ya29.of-google" }).messages.create({ ...ASK, model })).rejects.toMatchObject({
    constructor: Anthropic.AuthenticationError,
    error: { error: { code: 401, status: "UNAUTHENTICATED", message: "invalid x-api-key" } },
  });
  await expect(client().messages.create({ ...ASK, model: "gemini@1" })).rejects.toMatchObject({
    constructor: Anthropic.NotFoundError,
    error: { error: { code: 404, status: "NOT_FOUND", message: "model: gemini-1" } },
  });
  await expect(client().messages.create({ ...ASK, model, max_tokens: -1 })).rejects.toMatchObject({
    constructor: Anthropic.BadRequestError,
    type: "invalid_request_error",
    requestID: expect.stringMatching(/^req_/),
    error: { type: "error", error: { message: "max_tokens: Input should be greater than or equal to 0" } },
  });
  platform.engine.play(async function* () {
    yield start;
    yield* textBlock(0, "Hel");
    throw fail("overloaded_error", { public: "Overloaded" });
  });
  const broken = client()
    .messages.stream({ ...ASK, model })
    .finalMessage();
  await expect(broken).rejects.toMatchObject({ error: { error: { type: "overloaded_error", message: "Overloaded" } } });
});

test("a region of the United States asks for inference there, where the server can promise it", async () => {
  const inferenceGeos = createInferenceGeos({ storage: platform.storage, clock: systemClock, standsIn: "us" });
  await using inUs = await platform.startNode({ inferenceGeos });
  const geoOf = async (url: string, region: string) =>
    (await client({ url, region }).messages.create({ ...ASK, model: "claude-opus-4-6" })).usage.inference_geo;
  expect(await geoOf(inUs.url, "us-east5")).toBe("us");
  expect(await geoOf(inUs.url, "global")).toBe("global");
  // No promise is made that is not kept: the reply says where it ran.
  expect(await geoOf(platform.url, "us-east5")).toBe("global");
});

test.each([
  ["no version", ASK, "anthropic_version: Field required"],
  [
    "a version of elsewhere",
    { ...ASK, anthropic_version: "2023-06-01" },
    "anthropic_version: Input should be 'vertex-2023-10-16' or '2026-10-21'",
  ],
  [
    "a model in the body",
    { ...ASK, anthropic_version: "vertex-2023-10-16", model: "m" },
    "model: Extra inputs are not permitted",
  ],
  [
    "sampling in the second wire",
    { ...ASK, anthropic_version: "2026-10-21", temperature: 0.5 },
    "temperature: Extra inputs are not permitted",
  ],
  [
    "betas that are no list",
    { ...ASK, anthropic_version: "vertex-2023-10-16", anthropic_beta: "x" },
    "anthropic_beta: Input should be a valid list",
  ],
])("%s is a 400 that names the field", async (_name, body, message) => {
  const reply = await raw(`/v1${MODELS}/claude-opus-4-6:rawPredict`, body);
  expect(reply.status).toBe(400);
  expect(await reply.json()).toMatchObject({ error: { type: "invalid_request_error", message } });
});

test("without a key, and at paths that only look like Vertex's, nothing is served", async () => {
  const body = { ...ASK, anthropic_version: "vertex-2023-10-16" };
  const anonymous = await raw(`${MODELS}/claude-opus-4-6:rawPredict`, body, null);
  expect([anonymous.status, await anonymous.json()]).toMatchObject([401, { error: { status: "UNAUTHENTICATED" } }]);
  for (const path of [
    `${MODELS}/claude-opus-4-6:predict`,
    `${MODELS}/a/b:rawPredict`,
    `/v2${MODELS}/claude-opus-4-6:rawPredict`,
  ]) {
    expect((await raw(path, body)).status).toBe(404);
  }
});
