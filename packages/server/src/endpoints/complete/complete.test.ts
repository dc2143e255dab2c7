import { afterAll, beforeAll, expect, test } from "vitest";
import { Completion } from "@parley/wire";
import { end, HELLO, scripted, start, textBlock } from "../../doors/testing/scripted-engine.ts";
import { parseEvents, post, startTestServer, type TestServer } from "../../doors/testing/start-test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const BODY = {
  model: "claude-2.1",
  max_tokens_to_sample: 50,
  prompt: "Be kind.\n\nHuman: Hello\n\nAssistant: Hi\n\nHuman: Again\n\nAssistant:",
};

test("a legacy prompt becomes a turn, and its reply a completion", async () => {
  const rows = server.rows.length;
  server.engine.play(scripted(HELLO));
  const reply: unknown = await (await post(server, "/v1/complete", BODY)).json();
  expect(Completion.parse(reply)).toMatchObject({
    type: "completion",
    completion: "Hello",
    stop_reason: "stop_sequence",
    model: "claude-2.1",
  });
  expect(server.engine.turns.at(-1)).toMatchObject({
    system: [{ text: "Be kind." }],
    messages: [
      { role: "user", content: [{ text: "Hello" }] },
      { role: "assistant", content: [{ text: "Hi" }] },
      { role: "user", content: [{ text: "Again" }] },
    ],
    stopSequences: ["\n\nHuman:"],
    maxTokens: 50,
  });
  expect(server.rows).toHaveLength(rows + 1);
});

test("a streamed completion comes in pieces and ends with its reason", async () => {
  server.engine.play(scripted([start, ...textBlock(0, "a", "b"), end({ stopReason: "max_tokens" })]));
  const events = parseEvents(await (await post(server, "/v1/complete", { ...BODY, stream: true })).text());
  const pieces = events
    .filter(({ event }) => event === "completion")
    .map(({ data }) => [data["completion"], data["stop_reason"]]);
  expect(pieces).toEqual([
    ["a", null],
    ["b", null],
    ["", "max_tokens"],
  ]);
});

test.each(["no turns at all", "\n\nHuman: Hi", "\n\nAssistant: Hi\n\nHuman: x\n\nAssistant:", "\n\nHuman:\n\nAssistant:"])(
  "the prompt %j is a 400",
  async (prompt) => {
    expect((await post(server, "/v1/complete", { ...BODY, prompt })).status).toBe(400);
  },
);
