import { type MessagesCreateRequest, parseMessagesCreate } from "@parley/wire";
import { describe, expect, test } from "vitest";
import { fullRequest } from "../../../wire/test/support/full-request.ts";
import { mutate, randomFrom } from "../../../wire/test/support/mutate.ts";
import { testSigner, testTurnContext } from "../../test/support/test-turn-context.ts";
import { Failure } from "../platform/fail.ts";
import type { Turn } from "../turn/turn.ts";
import { toTurn } from "./to-turn.ts";
import type { TurnModel } from "./turn-context.ts";

const text = (value: string) => ({ type: "text", text: value });
const thinking = (value: string) => ({ type: "thinking", thinking: value, signature: testSigner.sign("wrkspc_1", value) });
const use = (id: string) => ({ type: "tool_use", id, name: "weather", input: { city: "Oslo" } });
const result = (id: string) => ({ type: "tool_result", tool_use_id: id, content: "sunny" });
const weather = { name: "weather", input_schema: { type: "object" } };

function request(body: object): MessagesCreateRequest {
  const checked = parseMessagesCreate(
    { model: "m", max_tokens: 4096, messages: [{ role: "user", content: "Hi" }], ...body },
    { version: "2023-06-01" },
  );
  if (!checked.ok) throw new Error(checked.message);
  return checked.value;
}

const turn = (body: object = {}, rules: Partial<TurnModel["rules"]> = {}): Turn => toTurn(request(body), testTurnContext(rules));

function refused(body: object, rules: Partial<TurnModel["rules"]> = {}): string {
  try {
    turn(body, rules);
  } catch (error) {
    if (error instanceof Failure && error.type === "invalid_request_error") return error.publicMessage;
    throw error;
  }
  return "ok";
}

describe("a request becomes a turn", () => {
  test("the smallest one", () => {
    expect(turn()).toEqual({
      requestId: "req_1",
      messageId: "msg_1",
      workspaceId: "wrkspc_1",
      weights: "small",
      system: [],
      messages: [{ role: "user", content: [text("Hi")] }],
      tools: [],
      toolChoice: { type: "auto", parallel: true },
      thinking: { type: "disabled" },
      effort: null,
      outputSchema: null,
      sampling: { temperature: null, topP: null, topK: null },
      stopSequences: [],
      maxTokens: 4096,
      contextOverflow: "stop",
      automaticCacheTtl: null,
      minimumCacheTokens: 1024,
      affinity: { sessionId: null, agentId: null },
      priority: "standard",
      previousMessageId: null,
    });
  });

  test("consecutive messages of one role are one, strings are blocks, an empty last reply is no prefill", () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "user", content: [text("b")] },
      { role: "assistant", content: "c" },
      { role: "assistant", content: [text("d")] },
      { role: "user", content: "e" },
      { role: "assistant", content: "" },
    ];
    expect(turn({ messages }).messages).toEqual([
      { role: "user", content: [text("a"), text("b")] },
      { role: "assistant", content: [text("c"), text("d")] },
      { role: "user", content: [text("e")] },
    ]);
  });

  test("the attribution block of Claude Code is not in the prompt, so the prefix is the same for every version", () => {
    const system = (version: string) => [
      text(`x-anthropic-billing-header: cc_version=${version};`),
      { ...text("You are"), cache_control: { type: "ephemeral" } },
    ];
    expect(turn({ system: system("2.1.330") }).system).toEqual([{ ...text("You are"), cacheTtl: "5m" }]);
    expect(turn({ system: system("2.1.331") })).toEqual(turn({ system: system("2.1.330") }));
    expect(turn({ system: "x-anthropic-billing-header: a\nBe brief." }).system).toEqual([text("Be brief.")]);
  });

  test("cache marks keep their ttl; one inside a tool result marks the result", () => {
    const mark = { cache_control: { type: "ephemeral", ttl: "1h" } };
    const messages = [
      { role: "user", content: [{ ...text("a"), ...mark }] },
      { role: "assistant", content: [use("t1")] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: [{ ...text("r"), ...mark }, text("s")] }] },
    ];
    const { messages: made, automaticCacheTtl } = turn({ messages, tools: [weather], cache_control: { type: "ephemeral" } });
    expect(made[0]?.content[0]).toEqual({ ...text("a"), cacheTtl: "1h" });
    expect(made[2]?.content[0]).toEqual({
      type: "tool_result",
      toolUseId: "t1",
      isError: false,
      content: [text("r"), text("s")],
      cacheTtl: "1h",
    });
    expect(automaticCacheTtl).toBe("5m");
  });

  test("documents and search results are their text", () => {
    const content = [
      { type: "document", source: { type: "text", media_type: "text/plain", data: "D" }, title: "T", context: "C" },
      { type: "document", source: { type: "content", content: [text("p"), text("q")] } },
      { type: "search_result", source: "https://example.com", title: "S", content: [text("f")] },
    ];
    expect(turn({ messages: [{ role: "user", content }] }).messages[0]?.content).toEqual([
      { type: "document", title: "T", context: "C", source: null, text: "D" },
      { type: "document", title: null, context: null, source: null, text: "p\nq" },
      { type: "document", title: "S", context: null, source: "https://example.com", text: "f" },
    ]);
  });

  test("client-run Anthropic tools come with a schema and a description", () => {
    const { tools } = turn({
      tools: [
        { type: "bash_20250124", name: "bash" },
        { type: "text_editor_20250728", name: "str_replace_based_edit_tool", max_characters: 900 },
        { type: "memory_20250818", name: "memory" },
      ],
    });
    expect(tools.map(({ name }) => name)).toEqual(["bash", "str_replace_based_edit_tool", "memory"]);
    for (const { description, inputSchema } of tools) {
      expect(description?.length).toBeGreaterThan(50);
      expect(inputSchema).toMatchObject({ type: "object", additionalProperties: false });
    }
    expect(tools[1]?.description).toContain("`view` shows at most 900 characters of a file.");
    expect(tools[1]?.inputSchema.required).toEqual(["command", "path"]);
  });

  test("tool choices", () => {
    const choice = (tool_choice: object) => turn({ tools: [weather], tool_choice }).toolChoice;
    expect(choice({ type: "auto", disable_parallel_tool_use: true })).toEqual({ type: "auto", parallel: false });
    expect(choice({ type: "any" })).toEqual({ type: "any", parallel: true });
    expect(choice({ type: "tool", name: "weather" })).toEqual({ type: "tool", name: "weather", parallel: true });
    expect(choice({ type: "none" })).toEqual({ type: "none" });
  });

  test("output_config.format and its alias", () => {
    const format = { type: "json_schema", schema: { type: "object" } };
    expect(turn({ output_config: { format, effort: "low" } })).toMatchObject({ outputSchema: { type: "object" }, effort: "low" });
    expect(turn({ output_format: format }).outputSchema).toEqual({ type: "object" });
  });

  test("a system message can set the effort of this turn, and ends when it says so", () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "system", content: "Only now.", clear_at: "next_user_message", output_config: { effort: "max" } },
      { role: "assistant", content: "b" },
      { role: "user", content: "c" },
      { role: "system", output_config: { effort: "low" } },
    ];
    const made = turn({ messages, output_config: { effort: "high" } });
    expect(made.effort).toBe("low");
    expect(made.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    expect(turn({ messages: messages.slice(0, 2) }).messages.map(({ role }) => role)).toEqual(["user", "system"]);
  });
});

describe("thinking", () => {
  const loop = [
    { role: "user", content: "q" },
    { role: "assistant", content: [thinking("old"), use("t1")] },
    { role: "user", content: [result("t1"), text("reminder")] },
  ];
  const enabled = { thinking: { type: "enabled", budget_tokens: 1024 }, tools: [weather] };
  const kinds = (made: Turn) => made.messages.map(({ content }) => content.map(({ type }) => type).join("+"));

  test("stays in a tool loop, and goes when the user says something new", () => {
    expect(kinds(turn({ ...enabled, messages: loop }))).toEqual(["text", "thinking+tool_use", "tool_result+text"]);
    const next = [...loop, { role: "assistant", content: [thinking("new"), text("a")] }, { role: "user", content: "q2" }];
    expect(kinds(turn({ ...enabled, messages: next }))).toEqual(["text", "tool_use", "tool_result+text", "text", "text"]);
  });

  test("is left to a clear_thinking edit where there is one", () => {
    const next = [...loop, { role: "assistant", content: "a" }, { role: "user", content: "q2" }];
    const made = turn({
      ...enabled,
      messages: next,
      context_management: { edits: [{ type: "clear_thinking_20251015", keep: "all" }] },
    });
    expect(kinds(made)[1]).toBe("thinking+tool_use");
  });

  test("is not shown when thinking is off", () => {
    expect(kinds(turn({ tools: [weather], messages: loop }))[1]).toBe("tool_use");
  });

  test("an omitted text comes back from its signature", () => {
    const omitted = { ...thinking("secret"), thinking: "" };
    const messages = [loop[0], { role: "assistant", content: [omitted, use("t1")] }, loop[2]];
    expect(turn({ ...enabled, messages }).messages[1]?.content[0]).toMatchObject({ type: "thinking", thinking: "secret" });
  });

  test("a changed text or a foreign signature is the platform's 400, also in an old turn", () => {
    const message = "messages.1.content.0: Invalid `signature` in `thinking` block";
    const changed = (block: object) => [
      loop[0],
      { role: "assistant", content: [block, use("t1")] },
      loop[2],
      { role: "assistant", content: "a" },
      { role: "user", content: "q2" },
    ];
    expect(refused({ ...enabled, messages: changed({ ...thinking("old"), thinking: "new" }) })).toBe(message);
    expect(
      refused({ ...enabled, messages: changed({ ...thinking("old"), signature: testSigner.sign("wrkspc_2", "old") }) }),
    ).toBe(message);
    expect(refused({ ...enabled, messages: changed({ ...thinking("old"), signature: "" }) })).toBe(message);
  });

  test("redacted thinking is accepted", () => {
    const messages = [loop[0], { role: "assistant", content: [{ type: "redacted_thinking", data: "x" }, use("t1")] }, loop[2]];
    expect(kinds(turn({ ...enabled, messages }))[1]).toBe("redacted_thinking+tool_use");
  });

  test("between_tools thinks after a tool result and not before", () => {
    const config = { thinking: { type: "between_tools" }, tools: [weather] };
    expect(turn(config).thinking).toEqual({ type: "disabled" });
    expect(turn({ ...config, messages: loop }).thinking).toEqual({ type: "adaptive", display: "summarized" });
    expect(kinds(turn({ ...config, messages: loop }))[1]).toBe("thinking+tool_use");
  });

  test("adaptive with display omitted", () => {
    expect(turn({ thinking: { type: "adaptive", display: "omitted" } }).thinking).toEqual({
      type: "adaptive",
      display: "omitted",
    });
  });
});

describe("what the model does not do is refused", () => {
  test("prefill", () => {
    const messages = [
      { role: "user", content: "q" },
      { role: "assistant", content: "It" },
    ];
    expect(turn({ messages }).messages.at(-1)).toEqual({ role: "assistant", content: [text("It")] });
    expect(refused({ messages }, { prefill: false })).toBe(
      "This model does not support assistant message prefill. The conversation must end with a user message.",
    );
  });
  test("a prefill of a reply that has a format", () => {
    const format = { type: "json_schema", schema: { type: "object" } };
    const messages = [
      { role: "user", content: "q" },
      { role: "assistant", content: '{"a":' },
    ];
    const text = "assistant message prefill cannot be used together with an output format";
    expect(refused({ messages, output_config: { format } })).toBe(`output_config.format: ${text}`);
    expect(refused({ messages, output_format: format })).toBe(`output_format: ${text}`);
    expect(refused({ messages: messages.slice(0, 1), output_config: { format } })).toBe("ok");
    expect(refused({ messages, output_config: { effort: "low" } })).toBe("ok");
  });
  test("too many output tokens", () => {
    expect(refused({ max_tokens: 64_001 })).toBe(
      "max_tokens: 64001 > 64000, which is the maximum allowed number of output tokens for claude-opus-4-5-20251101",
    );
  });
  test("a kind of thinking", () => {
    const none = { enabled: false, adaptive: false, disabled: true, between_tools: false };
    expect(refused({ thinking: { type: "adaptive" } }, { thinking: none })).toBe(
      "adaptive thinking is not supported on this model",
    );
    expect(refused({ thinking: { type: "enabled", budget_tokens: 1024 } }, { thinking: { ...none, adaptive: true } })).toMatch(
      /^"thinking.type.enabled" is not supported for this model\. Use/,
    );
  });
  test("sampling", () => {
    expect(refused({ temperature: 0.5 }, { sampling: "fixed" })).toBe("`temperature` is deprecated for this model.");
    expect(refused({ temperature: 1, top_p: 1 }, { sampling: "fixed" })).toBe("ok");
    expect(refused({ temperature: 0.5, top_p: 0.5 }, { sampling: "one" })).toMatch(
      /^`temperature` and `top_p` cannot both be specified/,
    );
  });
});

describe("what is not served is refused by its path", () => {
  const image = { type: "image", source: { type: "url", url: "https://example.com/a.png" } };
  const pdf = { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBE" } };
  const asked = (content: unknown[]) => ({ messages: [{ role: "user", content }] });
  const answered = (content: unknown[]) => ({
    tools: [weather],
    messages: [
      { role: "user", content: "q" },
      { role: "assistant", content: [use("t1")] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content }] },
    ],
  });
  const cases: [body: object, expected: string][] = [
    [asked([text("x"), image]), "messages.0.content.1.image: this model does not support image input"],
    [answered([image]), "messages.2.content.0.tool_result.content.0.image: this model does not support image input"],
    [asked([pdf]), "messages.0.content.0.document.source.base64: this model does not support PDF input"],
    [
      asked([{ type: "document", source: { type: "file", file_id: "file_1" } }]),
      "messages.0.content.0.document.source.file: `file` sources are not supported",
    ],
    [
      asked([{ type: "document", source: { type: "content", content: [image] } }]),
      "messages.0.content.0.document.source.content.content.0.image: this model does not support image input",
    ],
    [
      asked([{ type: "document", source: { type: "text", media_type: "text/plain", data: "d" }, citations: { enabled: true } }]),
      "messages.0.content.0.document.citations: this model does not support citations",
    ],
    [
      asked([{ type: "container_upload", file_id: "file_1" }]),
      "messages.0.content.0.container_upload: files are put into a container only where a code execution tool is in `tools`",
    ],
    [
      { tools: [{ type: "code_execution_20250825", name: "code_execution", defer_loading: true }, weather] },
      "tools.0.code_execution_20250825.defer_loading: this tool cannot be deferred",
    ],
    [
      {
        tools: [
          { type: "code_execution_20260521", name: "code_execution" },
          { ...weather, name: "bash_code_execution" },
        ],
      },
      "tools: Tool names must be unique.",
    ],
    [
      { tools: [{ type: "advisor_20260301", name: "advisor" }] },
      "tools.0.advisor_20260301: this tool is not supported by this model",
    ],
    [
      { container: { skills: [{ type: "anthropic", skill_id: "pdf" }] } },
      "container.skills: skills need a code execution tool in `tools`",
    ],
    [{ fallbacks: [{ model: "m" }] }, "fallbacks: fallbacks are not supported"],
    [{ thread: { type: "create" } }, "thread: message threads are not supported"],
    [{ speed: "fast" }, "speed: 'fast' is not supported by this model"],
    [
      { output_config: { task_budget: { type: "tokens", total: 5 } } },
      "output_config.task_budget: task budgets are not supported",
    ],
    [
      { thinking: { type: "adaptive", block_binding: { prefix_mismatch_behavior: "drop_block" } } },
      "thinking.adaptive.block_binding.prefix_mismatch_behavior: thinking blocks are not bound to the conversation before them",
    ],
    [
      { messages: [{ role: "assistant", content: [{ type: "compaction", content: null, encrypted_content: "x" }] }] },
      "messages.0.content.0.compaction.encrypted_content: was encrypted by another server",
    ],
    [
      { messages: [{ role: "assistant", content: [{ type: "compaction", content: "Before.", tool_changes: [{}] }] }] },
      "messages.0.content.0.compaction.tool_changes: changes of tools within a compaction are not supported",
    ],
    [
      { messages: [{ role: "user", content: [text("Hi"), { type: "compaction", content: "Before." }] }] },
      "messages.0.content.1.compaction: belongs into an `assistant` message, or to the beginning of the conversation",
    ],
    [
      {
        messages: [
          { role: "user", content: "q" },
          { role: "system", content: [{ type: "tool_addition", tool: { type: "mcp_toolset_reference", server_name: "s" } }] },
        ],
      },
      "messages.1.content.0.tool_addition.tool.mcp_toolset_reference: only a `tool_reference` to a tool in `tools` is supported",
    ],
  ];
  test.each(cases)("%#: %j", (body, expected) => expect(refused(body)).toBe(expected));

  test("empty and null forms of the same fields are fine", () => {
    expect(
      refused({ mcp_servers: [], container: null, fallbacks: null, speed: "standard", inference_geo: "global", thread: null }),
    ).toBe("ok");
  });
});

function outcome(make: () => Turn): Turn | Failure {
  try {
    return make();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** A 400, or a turn of alternating messages that all hold something. */
function isSound(made: Turn | Failure): boolean {
  if (made instanceof Failure) return made.type === "invalid_request_error";
  return made.messages.every(({ role, content }, at) => content.length > 0 && role !== made.messages[at + 1]?.role);
}

test("5,000 wounded requests that pass validation become a turn or a 400, never another error", () => {
  const counts = { turns: 0, refused: 0 };
  const unsound: number[] = [];
  const context = { ...testTurnContext(), thinkingSigner: { verify: () => true, reveal: () => "t" } };
  for (let seed = 0; seed < 5_000; seed += 1) {
    const checked = parseMessagesCreate(mutate(fullRequest(), randomFrom(seed)), { version: "2023-06-01" });
    if (!checked.ok) continue;
    const made = outcome(() => toTurn(checked.value, context));
    if (made instanceof Failure) counts.refused += 1;
    else counts.turns += 1;
    if (!isSound(made)) unsound.push(seed);
  }
  expect(unsound).toEqual([]);
  expect(counts.turns).toBeGreaterThan(300);
  // The seeds are worth something only if both occur.
  expect(counts.refused).toBeGreaterThan(10);
}, 60_000);
