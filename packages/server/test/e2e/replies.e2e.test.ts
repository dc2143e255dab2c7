import Anthropic from "@anthropic-ai/sdk";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { readLedger } from "../support/read-ledger.ts";
import { type RunningParley, SMALL, startParley } from "../support/start-parley.ts";

/** Threads that wait for one another starve where the machine has other work; so small a model needs only one. */
const ONE_THREAD = { PARLEY_THREADS: "1" };

let parley: RunningParley;
beforeAll(async () => {
  parley = await startParley({ model: SMALL, env: ONE_THREAD });
});
afterAll(async () => {
  await parley?.[Symbol.asyncDispose]();
});

function call(path: string, body?: object, to: Pick<RunningParley, "url" | "apiKey"> = parley): Promise<Response> {
  const headers = { "content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": to.apiKey };
  return fetch(`${to.url}${path}`, body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers });
}

const HELLO = { model: "claude-opus-4-5", max_tokens: 2, messages: [{ role: "user", content: "Hi" }] };
const FAMILY = ["requests", "tokens", "input-tokens", "output-tokens"].flatMap((what) =>
  ["limit", "remaining", "reset"].map((figure) => `anthropic-ratelimit-${what}-${figure}`),
);

test.each<[string, number, () => Promise<Response>]>([
  ["a message", 200, () => call("/v1/messages", HELLO)],
  ["a stream", 200, () => call("/v1/messages", { ...HELLO, stream: true })],
  ["a count", 200, () => call("/v1/messages/count_tokens", { model: HELLO.model, messages: HELLO.messages })],
  [
    "a completion",
    200,
    () => call("/v1/complete", { model: HELLO.model, max_tokens_to_sample: 2, prompt: "\n\nHuman: Hi\n\nAssistant:" }),
  ],
  ["the models", 200, () => call("/v1/models")],
  ["a body that is not valid", 400, () => call("/v1/messages", { ...HELLO, messages: [] })],
  [
    "a prompt that is too long",
    400,
    () => call("/v1/messages", { ...HELLO, messages: [{ role: "user", content: "word ".repeat(20_000) }] }),
  ],
  ["a model that is not there", 404, () => call("/v1/messages", { ...HELLO, model: "gpt-4" })],
])("%s tells its request, the organization and the limits", async (_what, status, send) => {
  const reply = await send();
  await reply.text();
  expect(reply.status).toBe(status);
  expect(reply.headers.get("request-id")).toMatch(/^req_/);
  expect(reply.headers.get("anthropic-organization-id")).toMatch(/^[0-9a-f-]{36}$/);
  expect(FAMILY.filter((name) => !reply.headers.has(name))).toEqual([]);
});

test("beyond the limit there is a 429 that says when to come back", async () => {
  // Limits have no environment variable; they stand in the configuration file.
  const folder = await mkdtemp(join(tmpdir(), "parley-config-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "parley.yaml");
  await writeFile(file, "limits:\n  requests_per_minute: 1\n");
  await using limited = await startParley({ model: SMALL, env: { ...ONE_THREAD, PARLEY_CONFIG: file } });
  // At once: in time the limit gives a request back.
  const replies = await Promise.all([call("/v1/messages", HELLO, limited), call("/v1/messages", HELLO, limited)]);
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200, 429]));
  const refused = replies.find(({ status }) => status === 429)!;
  expect(await refused.json()).toMatchObject({ type: "error", error: { type: "rate_limit_error" } });
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(60);
  expect(refused.headers.get("anthropic-ratelimit-requests-limit")).toBe("1");
  expect(refused.headers.get("anthropic-ratelimit-requests-remaining")).toBe("0");
});

test("a stream says at its start why the cache missed, and nothing where it did not", async () => {
  const rules = (what: string) => [{ type: "text", text: `${what} `.repeat(120), cache_control: { type: "ephemeral" } }];
  const first = await firstEvent({ ...HELLO, system: rules("Be brief."), diagnostics: { previous_message_id: null } });
  expect(first.diagnostics).toBeNull();
  const diagnostics = { previous_message_id: first.id };
  const same = await firstEvent({ ...HELLO, system: rules("Be brief."), diagnostics });
  expect(same).toMatchObject({ diagnostics: null, usage: { cache_read_input_tokens: first.usage.cache_creation_input_tokens } });
  const changed = await firstEvent({ ...HELLO, system: rules("Be long."), diagnostics });
  expect(changed.diagnostics).toEqual({
    cache_miss_reason: { type: "system_changed", cache_missed_input_tokens: first.usage.cache_creation_input_tokens },
  });
  const unknown = await firstEvent({ ...HELLO, diagnostics: { previous_message_id: "msg_none" } });
  expect(unknown.diagnostics).toEqual({ cache_miss_reason: { type: "previous_message_not_found" } });
});

test("a turn whose client leaves is on the ledger with what it had used and the times that were seen", async () => {
  const leave = new AbortController();
  const body = { ...HELLO, max_tokens: 500, stream: true, messages: [{ role: "user", content: "Write a very long story." }] };
  const reply = await fetch(`${parley.url}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": parley.apiKey },
    body: JSON.stringify(body),
    signal: leave.signal,
  });
  for await (const chunk of reply.body!.pipeThrough(new TextDecoderStream())) if (chunk.includes("text_delta")) break;
  leave.abort();
  const rowOf = async () =>
    (await readLedger(parley.dataDir)).find(({ request_id }) => request_id === reply.headers.get("request-id"));
  await expect.poll(rowOf).toMatchObject({ outcome: "client_closed" });
  const row = await rowOf();
  expect(row?.output_tokens).toBeGreaterThan(0);
  expect(row?.prefill_ms).toBeGreaterThan(0);
});

test("a count tells the tokens before and after context edits, and the reply's usage and applied edits say the same", async () => {
  const client = new Anthropic({ baseURL: parley.url, apiKey: parley.apiKey, maxRetries: 0 });
  const turns = ["Paris", "Oslo", "Rome", "Bern"].flatMap((city): Anthropic.Beta.BetaMessageParam[] => [
    { role: "assistant", content: [{ type: "tool_use", id: `toolu_${city}`, name: "weather", input: { city } }] },
    {
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: `toolu_${city}`, content: `The weather of ${city}: ${"mild and dry. ".repeat(30)}` },
      ],
    },
  ]);
  const request = {
    model: "claude-opus-4-5",
    messages: [{ role: "user" as const, content: "Compare the weather." }, ...turns],
    tools: [{ name: "weather", input_schema: { type: "object" as const, properties: { city: { type: "string" } } } }],
    context_management: {
      edits: [
        {
          type: "clear_tool_uses_20250919" as const,
          trigger: { type: "input_tokens" as const, value: 200 },
          keep: { type: "tool_uses" as const, value: 1 },
          clear_tool_inputs: true,
        },
      ],
    },
  };
  const { context_management: _edits, ...unedited } = request;
  const [whole, edited] = [
    await client.beta.messages.countTokens(unedited),
    await client.beta.messages.countTokens({ ...request, betas: ["context-management-2025-06-27"] }),
  ];
  expect(edited.context_management).toEqual({ original_input_tokens: whole.input_tokens });
  expect(edited.input_tokens).toBeLessThan(whole.input_tokens);
  const params = { ...request, max_tokens: 2, betas: ["context-management-2025-06-27"] };
  const applied = {
    applied_edits: [
      {
        type: "clear_tool_uses_20250919",
        cleared_input_tokens: whole.input_tokens - edited.input_tokens,
        cleared_tool_uses: 3,
      },
    ],
  };
  const reply = await client.beta.messages.create(params);
  expect([reply.usage.input_tokens, reply.context_management]).toEqual([edited.input_tokens, applied]);
  const streamed = await client.beta.messages.stream(params).finalMessage();
  expect([streamed.usage.input_tokens, streamed.context_management]).toEqual([edited.input_tokens, applied]);
});

interface StartedMessage {
  readonly id: string;
  readonly diagnostics: unknown;
  readonly usage: { readonly cache_creation_input_tokens: number; readonly cache_read_input_tokens: number };
}

/** The message of a stream's first event; the stream is read to its end. */
async function firstEvent(body: object): Promise<StartedMessage> {
  const text = await (await call("/v1/messages", { ...body, stream: true })).text();
  return (JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? "") as { message: StartedMessage }).message;
}
