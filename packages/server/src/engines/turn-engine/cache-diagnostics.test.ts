import { expect, test } from "vitest";
import { createCacheDiagnostics } from "./cache-diagnostics.ts";

const parts = { model: "m", tools: "t", system: "s", messages: ["1", "2"] };
const CACHED = 100;

function explain(now: Partial<typeof parts>, readTokens: number, previousMessageId: string | null = "msg_1", workspaceId = "w") {
  const diagnostics = createCacheDiagnostics({ nowMs: () => 0, monotonicMs: () => 0 });
  diagnostics.remember({ messageId: "msg_1", workspaceId: "w" }, parts, CACHED);
  return diagnostics.explain({ previousMessageId, workspaceId }, { ...parts, ...now }, readTokens);
}

test("a conversation that has grown and reads what was cached missed nothing", () => {
  expect(explain({ messages: ["1", "2", "3", "4"] }, CACHED)).toBeNull();
});

test.each([
  ["model_changed", { model: "n", tools: "u" }],
  ["tools_changed", { tools: "u", system: "z" }],
  ["system_changed", { system: "z", messages: ["0"] }],
  ["messages_changed", { messages: ["0", "2"] }],
])("%s says how much could have been read", (type, now) => {
  expect(explain(now, 30)).toEqual({ type, missedInputTokens: 70 });
});

test("a change behind what was cached missed nothing", () => {
  expect(explain({ messages: ["1", "other"] }, CACHED)).toBeNull();
});

test("the same prompt that could not be read is unavailable, a strange message is not found", () => {
  expect(explain({}, 0)).toEqual({ type: "unavailable" });
  expect(explain({}, 0, "msg_2")).toEqual({ type: "previous_message_not_found" });
  expect(explain({}, 0, "msg_1", "other")).toEqual({ type: "previous_message_not_found" });
  expect(explain({}, 0, null)).toBeNull();
});
