import { describe, expect, test } from "vitest";
import { parseComplete, parseCountTokens, parseMessagesCreate, type ParseOptions } from "./parse-request.ts";

const old: ParseOptions = { version: "2023-06-01" };
const current: ParseOptions = { version: "2026-10-21" };
const hello = { model: "claude-opus-4-5", max_tokens: 10, messages: [{ role: "user", content: "Hello" }] };
const weather = { name: "weather", input_schema: { type: "object" } };
const text = (value: string) => ({ type: "text", text: value });
const use = (id: string) => ({ type: "tool_use", id, name: "weather", input: {} });
const result = (id: string) => ({ type: "tool_result", tool_use_id: id, content: "sunny" });
const user = (...content: unknown[]) => ({ role: "user", content });
const assistant = (...content: unknown[]) => ({ role: "assistant", content });
const mark = (ttl?: string) => ({ cache_control: { type: "ephemeral", ...(ttl ? { ttl } : {}) } });

/** "ok" or the message. */
function verdict(body: unknown, options = old): string {
  const checked = parseMessagesCreate(body, options);
  return checked.ok ? "ok" : checked.message;
}

describe("fields, in the platform's words", () => {
  const cases: [name: string, body: unknown, expected: string][] = [
    ["a plain request", hello, "ok"],
    ["no object", [], "Input should be a valid dictionary or object to extract fields from"],
    ["max_tokens left out", { model: "m", messages: hello.messages }, "max_tokens: Field required"],
    ["max_tokens as a string", { ...hello, max_tokens: "10" }, "max_tokens: Input should be a valid integer"],
    [
      "half a token",
      { ...hello, max_tokens: 1.5 },
      "max_tokens: Input should be a valid integer, got a number with a fractional part",
    ],
    ["negative max_tokens", { ...hello, max_tokens: -1 }, "max_tokens: Input should be greater than or equal to 0"],
    [
      "max_tokens beyond every integer",
      { ...hello, max_tokens: 1e300 },
      "max_tokens: Input should be less than or equal to 9007199254740991",
    ],
    ["max_tokens 1e999", { ...hello, max_tokens: JSON.parse("1e999") }, "max_tokens: Input should be a finite number"],
    ["temperature over 1", { ...hello, temperature: 1.1 }, "temperature: Input should be less than or equal to 1"],
    ["an unknown key", { ...hello, foo: 1 }, "foo: Extra inputs are not permitted"],
    ["a __proto__ key", JSON.parse('{"__proto__":{"max_tokens":1},"model":"m","messages":[]}'), "max_tokens: Field required"],
    ["null for system", { ...hello, system: null }, "system: Input should be a valid list"],
    [
      "a number as content",
      { ...hello, messages: [{ role: "user", content: 5 }] },
      "messages.0.content: Input should be a valid list",
    ],
    [
      "a text block without text",
      { ...hello, messages: [user({ type: "text" })] },
      "messages.0.content.0.text.text: Field required",
    ],
    ["a block without type", { ...hello, messages: [user({ text: "x" })] }, "messages.0.content.0.type: Field required"],
    [
      "an unknown role",
      { ...hello, messages: [{ role: "tool", content: "x" }] },
      "messages.0.role: Input should be 'user', 'assistant' or 'system'",
    ],
    [
      "a bad tool name",
      { ...hello, tools: [{ ...weather, name: "a b" }] },
      "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
    ],
    [
      "a bad tool id",
      { ...hello, messages: [user(text("x")), assistant(use("a b"))] },
      "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
    ],
    [
      "tool input that is a list",
      { ...hello, messages: [assistant({ ...use("a"), input: [] })] },
      "messages.0.content.0.tool_use.input: Input should be a valid dictionary",
    ],
    [
      "a tool without schema type",
      { ...hello, tools: [{ name: "a", input_schema: {} }] },
      "tools.0.custom.input_schema.type: Field required",
    ],
    [
      "a small thinking budget",
      { ...hello, thinking: { type: "enabled", budget_tokens: 1 } },
      "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    ],
    [
      "a wrong ttl",
      { ...hello, system: [{ ...text("x"), ...mark("2h") }] },
      "system.0.cache_control.ephemeral.ttl: Input should be '5m' or '1h'",
    ],
    [
      "a mark on thinking",
      { ...hello, messages: [user(text("x")), assistant({ type: "thinking", thinking: "t", signature: "s", ...mark() })] },
      "messages.1.content.0.thinking.cache_control: Extra inputs are not permitted",
    ],
    [
      "a long user_id",
      { ...hello, metadata: { user_id: "x".repeat(257) } },
      "metadata.user_id: String should have at most 256 characters",
    ],
  ];
  test.each(cases)("%s", (_name, body, expected) => expect(verdict(body)).toBe(expected));

  test("an unknown tag is told with all expected tags, in order of the alphabet", () => {
    expect(verdict({ ...hello, tool_choice: { type: "maybe" } })).toBe(
      "tool_choice: Input tag 'maybe' found using 'type' does not match any of the expected tags: 'any', 'auto', 'none', 'tool'",
    );
    expect(verdict({ ...hello, messages: [user({ type: "foo" })] })).toMatch(
      /^messages\.0\.content\.0: Input tag 'foo' found using 'type' does not match any of the expected tags: 'advisor_tool_result', .*'web_search_tool_result'$/,
    );
  });

  test("the value of a good request is the very object that was sent", () => {
    const checked = parseMessagesCreate(hello, old);
    expect(checked.ok && checked.value).toBe(hello);
  });
});

describe("dialects", () => {
  test.each(["temperature", "top_p", "top_k"])("%s is an extra input on the 2026 wire", (key) => {
    expect(verdict({ ...hello, [key]: 1 })).toBe("ok");
    expect(verdict({ ...hello, [key]: 1 }, current)).toBe(`${key}: Extra inputs are not permitted`);
  });

  test("a document may stand in an assistant message on the 2023 wire only", () => {
    const document = { type: "document", source: { type: "text", media_type: "text/plain", data: "d" } };
    const body = { ...hello, messages: [user(text("x")), assistant(document, text("y")), user(text("z"))] };
    expect(verdict(body)).toBe("ok");
    expect(verdict(body, current)).toBe("messages.1: `document` blocks can only be in `user` messages");
  });

  test("citations on a user's text are refused on the 2026 wire only, and empty ones on neither", () => {
    const citation = {
      type: "char_location",
      cited_text: "c",
      document_index: 0,
      document_title: null,
      start_char_index: 0,
      end_char_index: 1,
    };
    const body = (citations: unknown[]) => ({ ...hello, messages: [user({ ...text("x"), citations })] });
    expect(verdict(body([citation]))).toBe("ok");
    expect(verdict(body([]), current)).toBe("ok");
    expect(verdict(body([citation]), current)).toBe(
      "messages.0.content.0.text.citations: Citations are not permitted on text that the user sends",
    );
  });

  test.each([
    "max_tokens",
    "metadata",
    "stop_sequences",
    "stream",
    "temperature",
    "top_k",
    "top_p",
    "service_tier",
    "inference_geo",
    "container",
  ])("count_tokens on the 2023 wire refuses %s", (key) => {
    const value =
      {
        max_tokens: 1,
        metadata: {},
        stop_sequences: [],
        stream: true,
        service_tier: "auto",
        inference_geo: "us",
        container: "c",
      }[key] ?? 1;
    const body = { model: "m", messages: hello.messages, [key]: value };
    expect(parseCountTokens(body, old)).toEqual({ ok: false, message: `${key}: Extra inputs are not permitted` });
  });

  test("count_tokens needs no max_tokens", () => {
    expect(parseCountTokens({ model: "m", messages: hello.messages }, old).ok).toBe(true);
  });
});

describe("roles and blocks", () => {
  const said = (...messages: unknown[]) => verdict({ ...hello, messages });
  test("no message", () => expect(said()).toBe("messages: at least one message is required"));
  test("the first message is the user's", () =>
    expect(said(assistant(text("x")))).toBe('messages: first message must use the "user" role'));
  test("consecutive roles are fine", () =>
    expect(said(user(text("a")), user(text("b")), assistant(text("c")), assistant(text("d")), user(text("e")))).toBe("ok"));
  test("an empty text block", () => expect(said(user(text("")))).toBe("messages: text content blocks must be non-empty"));
  test("a blank text", () =>
    expect(said({ role: "user", content: " \n" })).toBe("messages: text content blocks must contain non-whitespace text"));
  test("a mark on an empty text block", () =>
    expect(said(user({ ...text(""), ...mark() }))).toBe(
      "messages.0.content.0.text: cache_control cannot be set for empty text blocks",
    ));
  test("an empty message", () => {
    expect(said(user(text("a")), assistant(), user(text("b")))).toBe(
      "messages.1: all messages must have non-empty content except for the optional final assistant message",
    );
    expect(said(user(text("a")), assistant())).toBe("ok");
  });
  test("blocks of the other role", () => {
    expect(said(user(use("a")))).toBe("messages.0: `tool_use` blocks can only be in `assistant` messages");
    expect(said(user(text("x")), assistant(result("a")))).toBe("messages.1: `tool_result` blocks can only be in `user` messages");
  });
  test("thinking is never the last block", () => {
    const thinking = { type: "thinking", thinking: "t", signature: "s" };
    expect(said(user(text("x")), assistant(thinking), user(text("y")))).toBe(
      "messages.1: The final block in an assistant message cannot be `thinking`.",
    );
  });
  test("a prefill does not end with a blank", () => {
    expect(said(user(text("x")), assistant(text("It is ")))).toBe(
      "messages: final assistant content cannot end with trailing whitespace",
    );
    expect(said(user(text("x")), assistant(text("It is")))).toBe("ok");
  });
  test("a system message follows the user and precedes the assistant or ends the conversation", () => {
    const system = { role: "system", content: "Be terse." };
    expect(said(user(text("x")), system)).toBe("ok");
    expect(said(user(text("x")), system, assistant(text("y")), user(text("z")))).toBe("ok");
    expect(said(system, user(text("x")))).toMatch(/^messages\.0: /);
    expect(said(user(text("x")), system, user(text("y")))).toMatch(/^messages\.1: .*followed by an `assistant`/);
    expect(said(user(text("x")), assistant(text("y")), system)).toMatch(/^messages\.2: .*must follow a `user`/);
    expect(said(user(text("x")), { role: "system" })).toBe(
      "messages.1: a `system` message must have `content` or `output_config`",
    );
  });
});

describe("tool pairing", () => {
  const said = (...messages: unknown[]) => verdict({ ...hello, messages });
  const unanswered = (at: number, ids: string) =>
    `messages.${at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`;

  test("every use is answered in the next message", () => {
    expect(said(user(text("x")), assistant(use("a"), use("b")), user(result("b"), result("a")))).toBe("ok");
    expect(said(user(text("x")), assistant(use("a"), use("b")), user(result("b")))).toBe(unanswered(1, "a"));
    expect(said(user(text("x")), assistant(use("a"), use("b")), user(text("y")))).toBe(unanswered(1, "a, b"));
    expect(said(user(text("x")), assistant(use("a")))).toBe(unanswered(1, "a"));
  });
  test("results lead the user's message", () => {
    expect(said(user(text("x")), assistant(use("a")), user(text("y"), result("a")))).toBe(unanswered(1, "a"));
    expect(said(user(text("x")), assistant(use("a")), user(result("a"), text("y")))).toBe("ok");
  });
  test("results may be spread over messages that are merged", () => {
    expect(said(user(text("x")), assistant(use("a")), assistant(use("b")), user(result("a")), user(result("b"), text("y")))).toBe(
      "ok",
    );
  });
  test("nothing else is answered, and nothing twice", () => {
    expect(said(user(result("z")))).toBe(
      "messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: z. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.",
    );
    expect(said(user(text("x")), assistant(use("a")), user(result("a"), result("a")))).toBe(
      "messages.2.content.1: each tool_use must have a single result. Found multiple `tool_result` blocks with id: a",
    );
  });
  test("ids are unique in the whole conversation", () => {
    expect(said(user(text("x")), assistant(use("a")), user(result("a")), assistant(use("a")), user(result("a")))).toBe(
      "messages: `tool_use` ids must be unique",
    );
  });
});

describe("tools, thinking, stops", () => {
  test("tool names are unique", () =>
    expect(verdict({ ...hello, tools: [weather, weather] })).toBe("tools: Tool names must be unique."));
  test("the chosen tool is declared", () => {
    expect(verdict({ ...hello, tools: [weather], tool_choice: { type: "tool", name: "nope" } })).toBe(
      "tool_choice: Tool 'nope' not found in provided tools",
    );
    expect(verdict({ ...hello, tool_choice: { type: "any" } })).toBe(
      "tool_choice: tool_choice may only be specified while providing tools",
    );
  });
  test("thinking is not forced to a tool", () => {
    expect(verdict({ ...hello, tools: [weather], tool_choice: { type: "any" }, thinking: { type: "adaptive" } })).toBe(
      "Thinking may not be enabled when tool_choice forces tool use.",
    );
  });
  test("the budget is less than max_tokens, save with interleaved thinking", () => {
    const body = { ...hello, max_tokens: 1024, tools: [weather], thinking: { type: "enabled", budget_tokens: 1024 } };
    expect(verdict(body)).toBe("`max_tokens` must be greater than `thinking.budget_tokens`.");
    expect(verdict({ ...body, max_tokens: 1025 })).toBe("ok");
    expect(verdict(body, { ...old, betas: ["interleaved-thinking-2025-05-14"] })).toBe("ok");
  });
  test("thinking keeps the standard sampling", () => {
    const body = { ...hello, max_tokens: 2000, thinking: { type: "enabled", budget_tokens: 1024 } };
    expect(verdict({ ...body, temperature: 0.5 })).toBe("`temperature` may only be set to 1 when thinking is enabled.");
    expect(verdict({ ...body, temperature: 1 })).toBe("ok");
    expect(verdict({ ...body, top_k: 3 })).toBe("`top_k` must be unset when thinking is enabled.");
  });
  test("a stop sequence is not blank", () => {
    expect(verdict({ ...hello, stop_sequences: ["\n"] })).toBe("stop_sequences: each stop sequence must contain non-whitespace");
  });
});

describe("cache marks", () => {
  const marked = (ttl?: string) => ({ ...text("x"), ...mark(ttl) });
  test("four, and no more", () => {
    expect(verdict({ ...hello, system: [marked(), marked()], messages: [user(marked(), marked())] })).toBe("ok");
    expect(verdict({ ...hello, system: [marked(), marked(), marked()], messages: [user(marked(), marked())] })).toBe(
      "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    );
  });
  test("the automatic mark takes one of the four, unless it falls on a marked block", () => {
    const body = { ...hello, ...mark(), system: [marked(), marked(), marked()] };
    expect(verdict({ ...body, messages: [user(marked())] })).toBe("ok");
    expect(verdict({ ...body, messages: [user(marked(), text("y"))] })).toBe(
      "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    );
  });
  test("1h before 5m, in the order tools, system, messages", () => {
    const order =
      "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed in the following order: `tools`, `system`, `messages`.";
    expect(verdict({ ...hello, system: [marked("1h")], messages: [user(marked("5m"))] })).toBe("ok");
    expect(verdict({ ...hello, tools: [{ ...weather, ...mark() }], system: [marked("1h")] })).toBe(
      `system.0.cache_control.ttl: ${order}`,
    );
    expect(verdict({ ...hello, system: [marked()], messages: [user(marked("1h"))] })).toBe(
      `messages.0.content.0.cache_control.ttl: ${order}`,
    );
  });
});

describe("hostile bodies are refused at once", () => {
  const nested = (depth: number, wrap: (inner: unknown) => unknown) => {
    let value: unknown = 1;
    for (let level = 0; level < depth; level += 1) value = wrap(value);
    return value;
  };
  test("100,000 levels of nesting", () => {
    const schema = { type: "object", properties: { a: nested(100_000, (inner) => ({ a: inner })) } };
    expect(verdict({ ...hello, tools: [{ ...weather, input_schema: schema }] })).toBe(
      "tools.0.custom.input_schema.properties.a: Input should not be nested deeper than 200 levels",
    );
    expect(verdict({ ...hello, messages: nested(100_000, (inner) => [inner]) })).toMatch(/^messages\.0: /);
  });
  test("millions of elements", () => {
    const millions = Array.from({ length: 3_000_000 }, () => 1);
    // Processor time, so that a busy machine does not fail the test.
    const before = process.cpuUsage();
    expect(verdict({ ...hello, messages: millions })).toBe(
      "messages: List should have at most 100000 items after validation, not 3000000",
    );
    expect(verdict({ ...hello, tools: millions })).toMatch(/^tools\.0: /);
    expect(verdict({ ...hello, system: millions })).toMatch(/^system\.0: /);
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(1_000);
  }, 30_000);
  test("a name of a megabyte is cut in the message", () => {
    expect(verdict({ ...hello, ["x".repeat(1e6)]: 1 }).length).toBeLessThan(300);
    expect(verdict({ ...hello, messages: [user({ type: "y".repeat(1e6) })] }).length).toBeLessThan(2_000);
  });
});

describe("complete", () => {
  const legacy = { model: "claude-2.1", prompt: "\n\nHuman: Hi\n\nAssistant:", max_tokens_to_sample: 10 };
  test("a plain request", () => expect(parseComplete(legacy)).toEqual({ ok: true, value: legacy }));
  test("a missing prompt", () =>
    expect(parseComplete({ model: "m", max_tokens_to_sample: 1 })).toEqual({ ok: false, message: "prompt: Field required" }));
});

describe("citations", () => {
  const source = { type: "text", media_type: "text/plain", data: "D" };
  const document = (enabled?: boolean) => ({
    type: "document",
    source,
    ...(enabled === undefined ? {} : { citations: { enabled } }),
  });
  const found = (enabled: boolean) => ({
    type: "search_result",
    source: "s",
    title: "t",
    content: [text("x")],
    citations: { enabled },
  });
  const asking = (...content: unknown[]) => ({ ...hello, messages: [user(...content)] });
  const mixed = "messages: citations must be enabled on all or none of the `document` blocks in a request";
  const format = { format: { type: "json_schema", schema: { type: "object" } } };

  test.each([
    ["on all", asking(document(true), document(true)), "ok"],
    ["on none", asking(document(false), document()), "ok"],
    ["on some documents", asking(document(true), document()), mixed],
    ["on all documents and no search result", asking(document(true), found(false)), "ok"],
    ["on some search results", asking(found(true), found(false)), mixed.replace("document", "search_result")],
    [
      "on some, one of them inside a tool result",
      {
        ...hello,
        tools: [weather],
        messages: [user(document(true)), assistant(use("a")), user({ ...result("a"), content: [document()] })],
      },
      mixed,
    ],
    [
      "with a format",
      { ...asking(document(true)), output_config: format },
      "output_config.format: citations cannot be used together with an output format",
    ],
    ["off with a format", { ...asking(document(false)), output_config: format }, "ok"],
  ])("%s", (_name, body, expected) => expect(verdict(body, current)).toBe(expected));
});

describe("Claude Code", () => {
  test("a request of 2.1.330 is accepted as it stands", () => {
    const body = {
      model: "claude-opus-5",
      max_tokens: 64_000,
      stream: true,
      metadata: { user_id: JSON.stringify({ device_id: "d".repeat(64), account_uuid: "", session_id: "s".repeat(36) }) },
      thinking: { type: "adaptive", display: "omitted" },
      context_management: { edits: [{ type: "clear_thinking_20251015", keep: "all" }] },
      output_config: { effort: "high" },
      system: [
        text("x-anthropic-billing-header: cc_version=2.1.330.abc; cc_entrypoint=cli;"),
        { ...text("You are Claude Code."), ...mark() },
        { ...text("Long text"), ...mark() },
      ],
      tools: [
        {
          name: "Read",
          description: "Reads a file",
          input_schema: {
            $schema: "https://json-schema.org/draft/2020-12/schema",
            type: "object",
            properties: { file_path: { type: "string" } },
            required: ["file_path"],
            additionalProperties: false,
          },
          eager_input_streaming: true,
        },
      ],
      messages: [user({ ...text("Read a.txt"), ...mark() }), { role: "system", content: "Reminder" }],
    };
    expect(verdict(body, { ...old, betas: ["claude-code-20250219", "a-beta-of-2027"] })).toBe("ok");
  });
});
