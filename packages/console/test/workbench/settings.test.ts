import { ConsolePromptContent, parseMessagesCreate } from "@parley/wire";
import { expect, test } from "vitest";
import { schemaProblem, toolsProblem } from "../../src/features/workbench/json-problem.ts";
import { beginReply } from "../../src/features/workbench/reply.ts";
import {
  DEFAULT_SETTINGS,
  fromPromptContent,
  openCallsOf,
  parseTools,
  toPromptContent,
  toRequest,
  type Turn,
} from "../../src/features/workbench/settings.ts";

const SETTINGS = { ...DEFAULT_SETTINGS, model: "claude-haiku-4-5" };
const TOOLS = '[{"name": "add", "input_schema": {"type": "object"}}]';

const user = (text: string): Turn => ({ id: 0, role: "user", text, results: [] });
const CALL: Turn = {
  id: 1,
  role: "assistant",
  reply: {
    ...beginReply(0),
    stopReason: "tool_use",
    blocks: [
      { type: "thinking", thinking: "Hm.", signature: "sig" },
      { type: "tool_use", id: "toolu_1", name: "add", json: '{"a":1}' },
    ],
  },
};

test("what is left at its default is not sent", () => {
  expect(toRequest(SETTINGS, [user("Hi")])).toEqual({
    model: "claude-haiku-4-5",
    max_tokens: 1024,
    messages: [{ role: "user", content: "Hi" }],
  });
});

test("a conversation with thinking, a call and its result is a request that the API takes", () => {
  const turns: Turn[] = [user("1 and 1?"), CALL, { id: 2, role: "user", text: "", results: [{ id: "toolu_1", content: "2" }] }];
  const request = toRequest(
    { ...SETTINGS, tools: TOOLS, system: "Be brief.", thinking: { type: "enabled", budgetTokens: 1024 }, maxTokens: 2048 },
    turns,
  );
  const checked = parseMessagesCreate(request, { version: "2023-06-01", betas: [] });
  expect(checked).toMatchObject({ ok: true });
  expect(request["messages"]).toEqual([
    { role: "user", content: "1 and 1?" },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "Hm.", signature: "sig" },
        { type: "tool_use", id: "toolu_1", name: "add", input: { a: 1 } },
      ],
    },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "2" }] },
  ]);
});

test("calls wait for results only while they are the last word", () => {
  expect(openCallsOf([user("Hi"), CALL]).map((call) => call.id)).toEqual(["toolu_1"]);
  expect(openCallsOf([user("Hi"), CALL, user("Go on")])).toEqual([]);
});

test("of a reply that was stopped only what is whole goes back", () => {
  const stopped: Turn = {
    id: 1,
    role: "assistant",
    reply: {
      ...beginReply(0),
      blocks: [
        { type: "thinking", thinking: "Half a th", signature: "" },
        { type: "text", text: "Half an ans", citations: [] },
        { type: "tool_use", id: "toolu_1", name: "add", json: '{"a' },
      ],
    },
  };
  expect(toRequest(SETTINGS, [user("Hi"), stopped])["messages"]).toEqual([
    { role: "user", content: "Hi" },
    { role: "assistant", content: [{ type: "text", text: "Half an ans" }] },
  ]);
});

test("tools are a JSON list or nothing", () => {
  expect([parseTools(""), parseTools("[]"), parseTools("{}"), parseTools("[")]).toEqual([[], [], null, null]);
});

test("everything that can be set is a request that the API takes, with its marks where they were put", () => {
  const attachments = [
    { id: "1", name: "dot.png", bytes: 3, kind: "image", mediaType: "image/png", data: "AAAA" },
    { id: "2", name: "notes.md", bytes: 5, kind: "text", mediaType: "text/plain", data: "Notes" },
  ] as const;
  const request = toRequest(
    {
      ...SETTINGS,
      system: "Speak {{language}}.",
      tools: TOOLS,
      outputSchema: '{"type": "object", "properties": {}, "additionalProperties": false}',
      thinking: { type: "adaptive" },
      cache: { tools: true, system: true, message: true, ttl: "1h" },
    },
    [{ id: 0, role: "user", text: "Look", results: [], attachments }],
    { language: "Latin" },
  );
  expect(parseMessagesCreate(request, { version: "2023-06-01", betas: [] })).toMatchObject({ ok: true });
  const mark = { type: "ephemeral", ttl: "1h" };
  expect(request).toMatchObject({
    system: [{ text: "Speak Latin.", cache_control: mark }],
    tools: [{ name: "add", cache_control: mark }],
    messages: [{ content: [{ type: "image" }, { type: "document", title: "notes.md" }, { type: "text", cache_control: mark }] }],
  });
});

test("a saved prompt is the settings and the message, and comes back as they were", () => {
  const settings = { ...SETTINGS, thinking: { type: "enabled", budgetTokens: 2048 }, temperature: 0.5, tools: TOOLS } as const;
  const content = ConsolePromptContent.parse(toPromptContent(settings, "Explain {{thing}}"));
  expect(content.message).toBe("Explain {{thing}}");
  expect(fromPromptContent(content)).toEqual(settings);
});

test("tools are refused in the API's words, and JSON that is none says so", () => {
  expect(toolsProblem(TOOLS)).toBeNull();
  expect(toolsProblem('[{"name": "a b", "input_schema": {"type": "object"}}]')).toMatch(/^tools\.0\.custom\.name: /);
  expect(toolsProblem("[")).toMatch(/^This is not JSON: /);
  expect([schemaProblem(""), schemaProblem('{"type": "object"}'), schemaProblem("[]")]).toEqual([
    null,
    null,
    "This is not a JSON object.",
  ]);
});
