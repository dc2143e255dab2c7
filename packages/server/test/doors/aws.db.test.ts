import { AnthropicAws } from "@anthropic-ai/aws-sdk";
import { AnthropicBedrockMantle } from "@anthropic-ai/bedrock-sdk";
import Anthropic, { toFile } from "@anthropic-ai/sdk";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createKey } from "../../src/auth/manage-api-keys.ts";
import { type CreatedAwsKey, createAwsKey } from "../../src/auth/manage-aws-keys.ts";
import { HELLO, scripted } from "../../src/doors/testing/scripted-engine.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { signForAws } from "../support/sign-for-aws.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
let aws: CreatedAwsKey;
beforeAll(async () => {
  platform = await startPlatform();
  const { workspaceId } = platform;
  const { id } = await createKey(platform.keys, { name: "signs", workspaceId, expiresAtMs: null }, SYSTEM);
  aws = await createAwsKey(platform.keys, id, SYSTEM);
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});
beforeEach(() => platform.engine.play(scripted(HELLO)));

const ASK = { model: "claude-opus-4-6", max_tokens: 50, messages: [{ role: "user" as const, content: "Hi" }] };
const { max_tokens: _maxTokens, ...COUNTED } = ASK;

const signing = (secret = aws.secretAccessKey) => ({
  awsRegion: "us-east-1",
  awsAccessKey: aws.accessKeyId,
  awsSecretAccessKey: secret,
  maxRetries: 0,
});

describe("Claude Platform on AWS", () => {
  const client = (own: ConstructorParameters<typeof AnthropicAws>[0] = {}) =>
    new AnthropicAws({ ...signing(), baseURL: platform.url, workspaceId: platform.workspaceId, ...own });

  test("the official client signs messages, streams, counts, models, files and batches", async () => {
    expect(await client().messages.create(ASK)).toMatchObject({ content: [{ text: "Hello" }] });
    expect(await client().messages.stream(ASK).finalText()).toBe("Hello");
    expect(await client().messages.countTokens(COUNTED)).toEqual({ input_tokens: 23 });
    expect((await client().models.list({ limit: 1 })).data).toHaveLength(1);
    expect(await client().models.retrieve("claude-opus-4-6")).toMatchObject({ id: "claude-opus-4-6" });
    const file = await client().files.upload({ file: await toFile(Buffer.from("text"), "note.txt") });
    expect(file).toMatchObject({ filename: "note.txt", size_bytes: 4 });
    const batch = await client().messages.batches.create({ requests: [{ custom_id: "one", params: ASK }] });
    expect((await client().messages.batches.retrieve(batch.id)).processing_status).toBe("in_progress");
  });

  test("an API key in x-api-key does as well", async () => {
    const message = await client({ apiKey: platform.apiKey, awsAccessKey: null, awsSecretAccessKey: null }).messages.create(ASK);
    expect(message.content).toMatchObject([{ text: "Hello" }]);
  });

  test("a wrong secret is 401, another workspace 403, and none 400", async () => {
    await expect(client(signing(`${aws.secretAccessKey}x`)).messages.create(ASK)).rejects.toMatchObject({
      constructor: Anthropic.AuthenticationError,
      error: { error: { type: "authentication_error", message: expect.stringContaining("does not match the signature") } },
    });
    await expect(client({ workspaceId: "wrkspc_other" }).messages.create(ASK)).rejects.toBeInstanceOf(
      Anthropic.PermissionDeniedError,
    );
    const url = `${platform.url}/v1/messages`;
    const body = JSON.stringify(ASK);
    const headers = await signForAws(
      aws,
      { url, body, headers: { "anthropic-version": "2026-10-21" } },
      { service: "aws-external-anthropic" },
    );
    const reply = await fetch(url, { method: "POST", headers, body });
    expect([reply.status, await reply.json()]).toMatchObject([
      400,
      { error: { message: "anthropic-workspace-id: header is required" } },
    ]);
    const changed = await fetch(url, { method: "POST", headers, body: body.replace("Hi", "Ho") });
    expect(changed.status).toBe(400);
    const named = await signForAws(
      aws,
      { url, body, headers: { "anthropic-version": "2026-10-21", "anthropic-workspace-id": platform.workspaceId } },
      { service: "aws-external-anthropic" },
    );
    expect((await fetch(url, { method: "POST", headers: named, body: body.replace("Hi", "Ho") })).status).toBe(401);
    expect((await fetch(url, { method: "POST", headers: named, body })).status).toBe(200);
  });

  test("a signed upload is the bytes that were signed", async () => {
    const url = `${platform.url}/v1/files`;
    const multipart = (text: string) =>
      [
        "--b",
        'content-disposition: form-data; name="file"; filename="a.txt"',
        "content-type: text/plain",
        "",
        text,
        "--b--",
        "",
      ].join("\r\n");
    const body = multipart("signed");
    const headers = await signForAws(
      aws,
      {
        url,
        body,
        headers: {
          "content-type": "multipart/form-data; boundary=b",
          "anthropic-version": "2026-10-21",
          "anthropic-workspace-id": platform.workspaceId,
        },
      },
      { service: "aws-external-anthropic" },
    );
    expect((await fetch(url, { method: "POST", headers, body })).status).toBe(200);
    const files = async () => (await client().files.list()).data.length;
    const before = await files();
    expect((await fetch(url, { method: "POST", headers, body: multipart("forged") })).status).toBe(401);
    expect(await files()).toBe(before);
  });
});

describe("Bedrock Mantle", () => {
  const client = (own: ConstructorParameters<typeof AnthropicBedrockMantle>[0] = signing()) =>
    new AnthropicBedrockMantle({ awsRegion: "us-east-1", baseURL: `${platform.url}/anthropic`, maxRetries: 0, ...own });

  test("the official client signs messages, streams and counts, of Mantle's names of models", async () => {
    expect(await client().messages.create({ ...ASK, model: "anthropic.claude-opus-4-6" })).toMatchObject({
      model: "claude-opus-4-6",
      content: [{ text: "Hello" }],
    });
    expect(await client().messages.stream(ASK).finalText()).toBe("Hello");
    expect(await client().messages.countTokens(COUNTED)).toEqual({ input_tokens: 23 });
    expect(await client({ apiKey: platform.apiKey }).messages.create(ASK)).toMatchObject({ content: [{ text: "Hello" }] });
  });

  test("a signature of another secret, or for the runtime, is 401", async () => {
    await expect(client(signing(`${aws.secretAccessKey}x`)).messages.create(ASK)).rejects.toBeInstanceOf(
      Anthropic.AuthenticationError,
    );
    const url = `${platform.url}/anthropic/v1/messages`;
    const body = JSON.stringify(ASK);
    const headers = await signForAws(aws, { url, body, headers: { "anthropic-version": "2026-10-21" } }, { service: "bedrock" });
    const reply = await fetch(url, { method: "POST", headers, body });
    expect([reply.status, await reply.json()]).toMatchObject([
      401,
      { error: { message: "Credential should be scoped to correct service: 'bedrock-mantle'." } },
    ]);
  });
});
