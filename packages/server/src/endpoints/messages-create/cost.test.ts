import { afterAll, beforeAll, expect, test } from "vitest";
import { BODY, post, startTestServer, type TestServer } from "../../doors/testing/start-test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server.close();
});

test("a turn's row has its cost by kind of token, its price, its place and what it came through", async () => {
  await post(server, "/v1/messages", BODY, {
    headers: { "user-agent": "claude-cli/2.1.0 (external, cli)", "x-claude-code-session-id": "session_1" },
  });
  expect(server.rows.at(-1)).toMatchObject({
    inferenceGeo: "not_available",
    product: "claude_code",
    sessionId: "session_1",
    bill: {
      priceReference: "claude-haiku-4-5-20251001@2025-10-15",
      isCharged: false,
      // 11 in, 7 read, 3 and 2 written, 5 out, at 1,000 and 5,000 nano-dollars.
      cost: { total: 44_450n, input: 11_000n, cacheRead: 700n, cacheWrite5m: 3_750n, cacheWrite1h: 4_000n, output: 25_000n },
    },
  });
  await post(server, "/v1/messages", BODY, {
    headers: { "user-agent": "claude-cli/2.1.0", "x-claude-code-session-id": "s".repeat(4000) },
  });
  // No session's id: it would not fit into the index that counts sessions, and the row could not be written.
  expect(server.rows.at(-1)).toMatchObject({ product: "claude_code", sessionId: null });
  await post(server, "/v1/messages", { ...BODY, model: "claude-opus-4-6" });
  expect(server.rows.at(-1)).toMatchObject({
    inferenceGeo: "global",
    product: "messages_api",
    bill: { cost: { total: 222_250n, output: 125_000n } },
  });
});
