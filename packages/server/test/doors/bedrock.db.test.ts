import { AnthropicBedrock } from "@anthropic-ai/bedrock-sdk";
import Anthropic from "@anthropic-ai/sdk";
import { EventStreamCodec } from "@smithy/core/event-streams";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createKey, revokeKey } from "../../src/auth/manage-api-keys.ts";
import { type CreatedAwsKey, createAwsKey, revokeAwsKey } from "../../src/auth/manage-aws-keys.ts";
import { end, HELLO, scripted, start, textBlock, toolBlock } from "../../src/doors/testing/scripted-engine.ts";
import { fail } from "../../src/platform/fail.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { readTurns } from "../support/read-turns.ts";
import { signForAws } from "../support/sign-for-aws.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
let keyId: string;
let aws: CreatedAwsKey;
beforeAll(async () => {
  platform = await startPlatform();
  const { workspaceId } = platform;
  keyId = (await createKey(platform.keys, { name: "signs", workspaceId, expiresAtMs: null }, SYSTEM)).id;
  aws = await createAwsKey(platform.keys, keyId, SYSTEM);
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});
beforeEach(() => platform.engine.play(scripted(HELLO)));

function client(options: { readonly apiKey?: string; readonly secret?: string } = {}): AnthropicBedrock {
  const { apiKey, secret = aws.secretAccessKey } = options;
  const all = { baseURL: platform.url, awsRegion: "us-east-1", maxRetries: 0 };
  if (apiKey !== undefined) return new AnthropicBedrock({ ...all, apiKey });
  return new AnthropicBedrock({ ...all, awsAccessKey: aws.accessKeyId, awsSecretKey: secret });
}

const ASK = { max_tokens: 50, messages: [{ role: "user" as const, content: "Hi" }] };
const MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const PROFILE = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/global.anthropic.claude-opus-4-6-v1";
const BODY = { ...ASK, anthropic_version: "bedrock-2023-05-31" };
const METRICS = "amazon-bedrock-invocationMetrics";

const urlOf = (model: string, verb = "invoke"): string => `${platform.url}/model/${encodeURIComponent(model)}/${verb}`;

const post = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${platform.apiKey}`, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

/** Messages of a binary stream, whose checksums the decoder checks. */
async function readFrames(reply: Response): Promise<{ headers: Record<string, unknown>; payload: Record<string, unknown> }[]> {
  const text = (bytes: Uint8Array | string): string => (typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("utf8"));
  const codec = new EventStreamCodec(text, (utf8) => Buffer.from(utf8));
  const bytes = Buffer.from(await reply.arrayBuffer());
  const frames = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    const { headers, body } = codec.decode(bytes.subarray(at, at + bytes.readUInt32BE(at)));
    frames.push({
      headers: Object.fromEntries(Object.entries(headers).map(([name, { value }]) => [name, value])),
      payload: JSON.parse(text(body)) as Record<string, unknown>,
    });
  }
  return frames;
}

const eventOf = ({ payload }: { readonly payload: Record<string, unknown> }) =>
  JSON.parse(Buffer.from(String(payload["bytes"]), "base64").toString("utf8")) as { readonly type: string };

test("the official Bedrock client, signing, gets messages whole and streamed; the turns are the API key's", async () => {
  const { data: whole, response } = await client()
    .messages.create({ ...ASK, model: MODEL })
    .withResponse();
  expect(whole).toMatchObject({ model: "claude-sonnet-4-5-20250929", content: [{ type: "text", text: "Hello" }] });
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "x-amzn-requestid": expect.stringMatching(/^req_/),
    "x-amzn-bedrock-input-token-count": "11",
    "x-amzn-bedrock-output-token-count": "5",
    "x-amzn-bedrock-cache-read-input-token-count": "7",
    "x-amzn-bedrock-cache-write-input-token-count": "5",
    "x-amzn-bedrock-invocation-latency": expect.stringMatching(/^\d+$/),
  });
  const streamed = await client()
    .messages.stream({ ...ASK, model: PROFILE })
    .finalMessage();
  expect(streamed).toMatchObject({ model: "claude-opus-4-6", content: [{ text: "Hello" }], usage: { output_tokens: 5 } });
  expect(await readTurns(platform.storage)).toMatchObject([
    { api_key_id: keyId, model: "claude-sonnet-4-5-20250929", message_id: whole.id },
    { api_key_id: keyId, model: "claude-opus-4-6", message_id: streamed.id },
  ]);
});

test("with an API key as the bearer token the client need not sign", async () => {
  const message = await client({ apiKey: platform.apiKey }).messages.create({ ...ASK, model: "anthropic.claude-opus-4-6-v1" });
  expect(message.model).toBe("claude-opus-4-6");
  await expect(client({ apiKey: "bedrock-api-key-x" }).messages.create({ ...ASK, model: MODEL })).rejects.toMatchObject({
    constructor: Anthropic.PermissionDeniedError,
    error: { message: "invalid x-api-key" },
  });
});

test("a tool call streams through the Bedrock client, with betas from the header in the body", async () => {
  platform.engine.play(scripted([start, ...toolBlock(0, "weather", '{"city":', '"Oslo"}'), end({ stopReason: "tool_use" })]));
  const tools: Anthropic.Beta.BetaToolUnion[] = [
    { name: "weather", input_schema: { type: "object", properties: { city: { type: "string" } } } },
  ];
  const message = await client()
    .beta.messages.stream({ ...ASK, model: MODEL, tools, betas: ["interleaved-thinking-2025-05-14"] })
    .finalMessage();
  expect(message.content).toMatchObject([{ type: "tool_use", name: "weather", input: { city: "Oslo" } }]);
});

test("a stream is AWS's binary framing, with what was used in its last event", async () => {
  const reply = await post(urlOf(MODEL, "invoke-with-response-stream"), BODY);
  expect(reply.headers.get("content-type")).toBe("application/vnd.amazon.eventstream");
  expect(reply.headers.get("x-amzn-bedrock-content-type")).toBe("application/json");
  const frames = await readFrames(reply);
  for (const { headers } of frames) {
    expect(headers).toEqual({ ":event-type": "chunk", ":message-type": "event", ":content-type": "application/json" });
  }
  const events = frames.map(eventOf);
  expect(events[0]).toMatchObject({ type: "message_start", message: { model: "claude-sonnet-4-5-20250929" } });
  expect(events.at(-1)).toEqual({
    type: "message_stop",
    [METRICS]: {
      inputTokenCount: 11,
      outputTokenCount: 5,
      cacheReadInputTokenCount: 7,
      cacheWriteInputTokenCount: 5,
      invocationLatency: expect.any(Number),
      firstByteLatency: expect.any(Number),
    },
  });
});

test("tokens are counted of the body of an invocation", async () => {
  const counted = (body: object) => ({ input: { invokeModel: { body: Buffer.from(JSON.stringify(body)).toString("base64") } } });
  const reply = await post(urlOf(MODEL, "count-tokens"), counted(BODY));
  expect([reply.status, await reply.json()]).toEqual([200, { inputTokens: 23 }]);
  const wrong = await post(urlOf(MODEL, "count-tokens"), counted({ ...BODY, messages: [] }));
  expect([wrong.status, wrong.headers.get("x-amzn-errortype")]).toEqual([400, "ValidationException"]);
  const converse = await post(urlOf(MODEL, "count-tokens"), { input: { converse: {} } });
  expect(await converse.json()).toEqual({ message: "input.invokeModel.body: Field required" });
});

test("a kept reply comes again in the framing of the door", async () => {
  const again = { "idempotency-key": "one" };
  const url = urlOf(MODEL, "invoke-with-response-stream");
  const first = (await readFrames(await post(url, BODY, again))).map(eventOf);
  const reply = await post(url, BODY, again);
  expect(reply.headers.get("idempotent-replayed")).toBe("true");
  const events = (await readFrames(reply)).map(eventOf);
  const plain = (each: object) => ({ ...each, [METRICS]: undefined });
  expect(events.map(plain)).toEqual(first.map(plain));
  const whole = await post(urlOf(MODEL), BODY, { "idempotency-key": "two" });
  const replayed = await post(urlOf(MODEL), BODY, { "idempotency-key": "two" });
  expect(await replayed.json()).toEqual(await whole.json());
  expect(replayed.headers.get("x-amzn-bedrock-output-token-count")).toBe("5");
});

describe("errors are AWS's", () => {
  test.each([
    ["no version", ASK, 400, "ValidationException", "anthropic_version: Field required"],
    ["a model in the body", { ...BODY, model: "m" }, 400, "ValidationException", "model: Extra inputs are not permitted"],
    ["stream in the body", { ...BODY, stream: true }, 400, "ValidationException", "stream: Extra inputs are not permitted"],
    [
      "a wrong field",
      { ...BODY, max_tokens: -1 },
      400,
      "ValidationException",
      "max_tokens: Input should be greater than or equal to 0",
    ],
    [
      "betas that are no texts",
      { ...BODY, anthropic_beta: [1] },
      400,
      "ValidationException",
      "anthropic_beta.0: Input should be a valid string",
    ],
  ])("%s is a %s", async (_name, body, status, type, message) => {
    const reply = await post(urlOf(MODEL), body);
    expect([reply.status, reply.headers.get("x-amzn-errortype"), await reply.json()]).toEqual([status, type, { message }]);
  });

  test("an unknown model, no key at all, and a body that is no object are refused by name", async () => {
    const unknown = await post(urlOf("meta.llama3-70b-instruct-v1:0"), BODY);
    expect([unknown.status, unknown.headers.get("x-amzn-errortype")]).toEqual([404, "ResourceNotFoundException"]);
    const reply = await fetch(urlOf(MODEL), { method: "POST", body: JSON.stringify(BODY) });
    expect([reply.status, reply.headers.get("x-amzn-errortype"), await reply.json()]).toEqual([
      403,
      "MissingAuthenticationTokenException",
      { message: "Missing Authentication Token" },
    ]);
    expect((await post(urlOf(MODEL), [BODY])).status).toBe(400);
  });

  test("the client types them by status, also the failure of a stream that had begun", async () => {
    await expect(client().messages.create({ ...ASK, model: MODEL, max_tokens: -1 })).rejects.toBeInstanceOf(
      Anthropic.BadRequestError,
    );
    await expect(client().messages.create({ ...ASK, model: "gemini" })).rejects.toBeInstanceOf(Anthropic.NotFoundError);
    platform.engine.play(async function* () {
      yield start;
      yield* textBlock(0, "Hel");
      throw fail("overloaded_error", { public: "Overloaded" });
    });
    const broken = client()
      .messages.stream({ ...ASK, model: MODEL })
      .finalMessage();
    await expect(broken).rejects.toThrow(/Overloaded|ModelStreamError/i);
    const frames = await readFrames(await post(urlOf(MODEL, "invoke-with-response-stream"), BODY));
    expect(frames.at(-1)).toEqual({
      headers: {
        ":exception-type": "modelStreamErrorException",
        ":message-type": "exception",
        ":content-type": "application/json",
      },
      payload: { message: "Overloaded", originalMessage: "Overloaded", originalStatusCode: 529 },
    });
  });
});

describe("a signature", () => {
  const text = JSON.stringify(BODY);
  type Signing = Parameters<typeof signForAws>[2];

  /** Signs one request and sends it, or another. */
  async function send(
    signing: Signing & {
      readonly credentials?: Parameters<typeof signForAws>[0];
      readonly headers?: Record<string, string>;
    } = {},
    change: (request: { url: string; body: string; headers: Record<string, string> }) => object = () => ({}),
  ): Promise<readonly [status: number, type: string | null, message: string | undefined]> {
    const { credentials = aws, headers: extra = {}, ...rest } = signing;
    const url = urlOf(MODEL);
    const request = { url, body: text, headers: await signForAws(credentials, { url, body: text, headers: extra }, rest) };
    const sent = { ...request, ...change(request) };
    const reply = await fetch(sent.url, { method: "POST", headers: sent.headers, body: sent.body });
    const { message } = (await reply.json()) as { message?: string };
    return [reply.status, reply.headers.get("x-amzn-errortype"), message];
  }

  const ok = [200, null, undefined];
  const WRONG = [403, "InvalidSignatureException", expect.stringContaining("does not match the signature you provided")];
  const away = (minutes: number) => ({ signedAt: new Date(Date.now() + minutes * 60_000) });

  test("that is right is taken, with and without the body's hash among the headers, and within five minutes of skew", async () => {
    expect(await send()).toEqual(ok);
    expect(await send({ statesHash: false })).toEqual(ok);
    expect(await send(away(-4.5))).toEqual(ok);
    expect(await send(away(4.5))).toEqual(ok);
    expect(await send({ headers: { "x-extra": "two  blanks", "user-agent": "signed" } })).toEqual(ok);
  });

  test("of another secret, and of another or an unknown key, is refused", async () => {
    expect(await send({ credentials: { ...aws, secretAccessKey: `${aws.secretAccessKey.slice(0, -1)}_` } })).toEqual(WRONG);
    const unknown = { ...aws, accessKeyId: "AKIAAAAAAAAAAAAAAAAA" };
    const UNKNOWN = [403, "UnrecognizedClientException", "The security token included in the request is invalid."];
    expect(await send({ credentials: unknown })).toEqual(UNKNOWN);
    expect(await send({ credentials: { ...aws, accessKeyId: platform.apiKey } })).toEqual(UNKNOWN);
    const other = await createKey(platform.keys, { name: "o", workspaceId: platform.workspaceId, expiresAtMs: null }, SYSTEM);
    const { accessKeyId } = await createAwsKey(platform.keys, other.id, SYSTEM);
    expect(await send({ credentials: { ...aws, accessKeyId } })).toEqual(WRONG);
  });

  test("from another time is refused with both times", async () => {
    expect(await send(away(-6))).toEqual([403, "InvalidSignatureException", expect.stringMatching(/^Signature expired: \d{8}T/)]);
    expect(await send(away(6))).toEqual([403, "InvalidSignatureException", expect.stringMatching(/^Signature not yet current/)]);
    // Another second of the same minute: at midnight minutes later would be another day, which is refused in other words.
    const later = (stamp: string) => stamp.replace(/\dZ$/, (second) => (second === "0Z" ? "1Z" : "0Z"));
    const redated = await send({}, ({ headers }) => ({ headers: { ...headers, "x-amz-date": later(headers["x-amz-date"]!) } }));
    expect(redated).toEqual(WRONG);
    const otherDay = await send({}, ({ headers }) => ({
      headers: { ...headers, authorization: headers["authorization"]!.replace(/\/\d{8}\//, "/20250101/") },
    }));
    expect(otherDay).toEqual([403, "InvalidSignatureException", expect.stringContaining("'20250101'")]);
  });

  test("covers body, path, query, method and every header that it names", async () => {
    const otherBody = text.replace('"Hi"', '"Ho"');
    expect(await send({}, () => ({ body: otherBody }))).toEqual(WRONG);
    expect(await send({ statesHash: false }, () => ({ body: otherBody }))).toEqual(WRONG);
    const hash = createHash("sha256").update(otherBody).digest("hex");
    const restated = await send({}, ({ headers }) => ({
      body: otherBody,
      headers: { ...headers, "x-amz-content-sha256": hash },
    }));
    expect(restated).toEqual(WRONG);
    expect(await send({}, () => ({ url: urlOf("us.anthropic.claude-opus-4-6-v1") }))).toEqual(WRONG);
    expect(await send({}, ({ url }) => ({ url: `${url}-with-response-stream` }))).toEqual(WRONG);
    expect(await send({}, ({ url }) => ({ url: `${url}?beta=true` }))).toEqual(WRONG);
    expect(await send({}, ({ headers }) => ({ headers: { ...headers, "content-type": "text/plain" } }))).toEqual(WRONG);
  });

  test("that leaves out the host or the date, states no hash, or has another form says what is wrong", async () => {
    const without = (name: string) =>
      send({}, ({ headers }) => ({
        headers: {
          ...headers,
          authorization: headers["authorization"]!.replace(/SignedHeaders=[^,]+/, (list) =>
            list.replace(new RegExp(`;?${name}`), ""),
          ),
        },
      }));
    expect(await without("host")).toEqual([403, "InvalidSignatureException", expect.stringContaining("'host' must be")]);
    expect(await without("x-amz-date")).toEqual([403, "InvalidSignatureException", expect.stringContaining("'x-amz-date'")]);
    expect(await without("content-type")).toEqual(WRONG);
    expect(await send({ headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } })).toEqual([
      403,
      "InvalidSignatureException",
      expect.stringContaining("must be the SHA-256"),
    ]);
    for (const authorization of [
      "AWS4-HMAC-SHA256",
      "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0",
      "AWS4-HMAC-SHA256 Credential=AKIAAAAAAAAAAAAAAAAA/20260101/r/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=zz",
    ]) {
      const [status, type] = await send({}, ({ headers }) => ({ headers: { ...headers, authorization } }));
      expect([status, type]).toEqual([403, "IncompleteSignatureException"]);
    }
  });

  test("for another service, or with a session token, is refused", async () => {
    expect(await send({ service: "bedrock-mantle" })).toEqual([
      403,
      "InvalidSignatureException",
      "Credential should be scoped to correct service: 'bedrock'.",
    ]);
    expect(await send({ credentials: { ...aws, sessionToken: "of-sts" } })).toEqual([
      403,
      "UnrecognizedClientException",
      expect.stringContaining("Leave AWS_SESSION_TOKEN out"),
    ]);
  });

  test("is good only while its API key is, and the last access key of a key is the only one", async () => {
    const newKey = () => createKey(platform.keys, { name: "k", workspaceId: platform.workspaceId, expiresAtMs: null }, SYSTEM);
    const [revoked, taken, replaced] = [await newKey(), await newKey(), await newKey()];
    const ofRevoked = await createAwsKey(platform.keys, revoked.id, SYSTEM);
    await revokeKey(platform.keys, revoked.id, SYSTEM);
    const ofTaken = await createAwsKey(platform.keys, taken.id, SYSTEM);
    await revokeAwsKey(platform.keys, taken.id, SYSTEM);
    const first = await createAwsKey(platform.keys, replaced.id, SYSTEM);
    const second = await createAwsKey(platform.keys, replaced.id, SYSTEM);
    for (const credentials of [ofRevoked, ofTaken, first]) {
      expect(await send({ credentials })).toEqual([403, "UnrecognizedClientException", expect.any(String)]);
    }
    expect(await send({ credentials: second })).toEqual(ok);
    await expect(createAwsKey(platform.keys, revoked.id, SYSTEM)).rejects.toThrow("Only an active API key");
  });
});

test("the database holds no secret of an AWS access key", async () => {
  const { rows } = await platform.storage.run({ operation: "dump", repeatable: true }, (database) =>
    database.execute(`select to_jsonb(k)::text as key from api_keys k union all select to_jsonb(a)::text from audit_log a`),
  );
  const dump = JSON.stringify(rows);
  expect(dump).toContain(aws.accessKeyId);
  expect(dump).not.toContain(aws.secretAccessKey);
});
