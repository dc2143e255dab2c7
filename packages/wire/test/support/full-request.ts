/** A valid create request of the 2023 wire that uses nearly every field and block; the seed of mutations. */
export function fullRequest(): Record<string, unknown> {
  const mark = { type: "ephemeral", ttl: "5m" };
  return {
    model: "claude-opus-4-5",
    max_tokens: 4096,
    stream: true,
    temperature: 1,
    metadata: { user_id: "user_1" },
    service_tier: "auto",
    stop_sequences: ["END"],
    inference_geo: "global",
    diagnostics: { previous_message_id: null },
    context_management: {
      edits: [
        { type: "clear_thinking_20251015", keep: { type: "thinking_turns", value: 2 } },
        {
          type: "clear_tool_uses_20250919",
          trigger: { type: "tool_uses", value: 1 },
          keep: { type: "tool_uses", value: 1 },
          clear_tool_inputs: ["get_weather"],
        },
      ],
    },
    output_config: {
      effort: "high",
      format: { type: "json_schema", schema: { type: "object", properties: { a: { type: "string" } } } },
    },
    thinking: { type: "enabled", budget_tokens: 1024, display: "summarized" },
    tool_choice: { type: "auto", disable_parallel_tool_use: false },
    system: [
      { type: "text", text: "x-anthropic-billing-header: cc_version=2.1.330; cch=00000;" },
      { type: "text", text: "Be brief.", cache_control: { type: "ephemeral", ttl: "1h" } },
    ],
    tools: [
      {
        name: "get_weather",
        description: "Weather of a city",
        input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
        strict: true,
        input_examples: [{ city: "Oslo" }],
      },
      { type: "bash_20250124", name: "bash" },
      { type: "text_editor_20250728", name: "str_replace_based_edit_tool", max_characters: 1000 },
      { type: "memory_20250818", name: "memory", cache_control: { type: "ephemeral", ttl: "1h" } },
      { name: "take_note", input_schema: { type: "object" }, defer_loading: true },
      { name: "find_note", input_schema: { type: "object" }, defer_loading: true },
    ],
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "What is the weather?", cache_control: mark },
          {
            type: "document",
            source: { type: "text", media_type: "text/plain", data: "A text" },
            title: "T",
            context: null,
            citations: { enabled: false },
          },
          { type: "document", source: { type: "content", content: [{ type: "text", text: "A part" }] } },
          { type: "search_result", source: "https://example.com", title: "S", content: [{ type: "text", text: "Found" }] },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Let me look.", signature: "c2ln" },
          { type: "redacted_thinking", data: "ZGF0YQ==" },
          { type: "text", text: "Looking." },
          { type: "tool_use", id: "toolu_1", name: "get_weather", input: { city: "Oslo" }, caller: { type: "direct" } },
          { type: "tool_use", id: "toolu_2", name: "get_weather", input: { city: "Rome" } },
          { type: "tool_use", id: "toolu_3", name: "get_weather", input: { city: "Bern" } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "text", text: "Rain" }], is_error: false },
          { type: "tool_result", tool_use_id: "toolu_2", content: "Sun", cache_control: mark },
          { type: "tool_result", tool_use_id: "toolu_3", content: [{ type: "tool_reference", tool_name: "find_note" }] },
          { type: "text", text: "Go on." },
        ],
      },
      {
        role: "system",
        content: [
          { type: "text", text: "Answer in French." },
          { type: "tool_addition", tool: { type: "tool_reference", name: "take_note" } },
          { type: "tool_removal", tool: { type: "tool_reference", name: "bash" } },
        ],
        clear_at: "never",
      },
      { role: "assistant", content: "Il pleut." },
      { role: "user", content: "Merci" },
    ],
  };
}
