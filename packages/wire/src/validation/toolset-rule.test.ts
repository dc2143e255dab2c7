import { describe, expect, test } from "vitest";
import { parseMessagesCreate } from "./parse-request.ts";

const COMPUTER = { type: "computer_toolset_20260801" };
const BROWSER = { type: "browser_toolset_20260801" };
const weather = { name: "weather", input_schema: { type: "object" } };

function verdict(body: object, betas: readonly string[] = []): string {
  const hello = { model: "m", max_tokens: 10, messages: [{ role: "user", content: "Hello" }] };
  const checked = parseMessagesCreate({ ...hello, ...body }, { version: "2026-10-21", betas });
  return checked.ok ? "ok" : checked.message;
}

describe("a toolset's entry", () => {
  test.each<[name: string, tools: object[], expected: string]>([
    ["alone", [COMPUTER], "ok"],
    ["both, and a tool with a member's name", [COMPUTER, BROWSER, { ...weather, name: "screenshot" }], "ok"],
    [
      "everything that it takes",
      [
        {
          ...BROWSER,
          configs: { find: null, zoom: { enabled: false } },
          cache_control: { type: "ephemeral" },
          allowed_callers: ["direct"],
        },
      ],
      "ok",
    ],
    ["a name", [{ ...COMPUTER, name: "computer" }], "tools.0.computer_toolset_20260801.name: Extra inputs are not permitted"],
    [
      "a size, as the tool before it had",
      [{ ...COMPUTER, display_width_px: 800 }],
      "tools.0.computer_toolset_20260801.display_width_px: Extra inputs are not permitted",
    ],
    [
      "another family's member",
      [{ ...COMPUTER, configs: { navigate: {} } }],
      "tools.0.computer_toolset_20260801.configs.navigate: Extra inputs are not permitted",
    ],
    [
      "more than a member's two settings",
      [{ ...BROWSER, configs: { find: { strict: true } } }],
      "tools.0.browser_toolset_20260801.configs.find.strict: Extra inputs are not permitted",
    ],
    ["twice", [BROWSER, BROWSER], "tools: Tool names must be unique."],
    ["beside a tool of its name", [BROWSER, { ...weather, name: "browser" }], "tools: Tool names must be unique."],
    [
      "beside the tool before it",
      [COMPUTER, { type: "computer_20251124", name: "computer", display_width_px: 1, display_height_px: 1 }],
      "tools: Tool names must be unique.",
    ],
    [
      "some members deferred",
      [{ ...COMPUTER, configs: { zoom: { defer_loading: true } } }],
      "tools.0.computer_toolset_20260801.configs: `defer_loading` must be the same for every enabled member",
    ],
    [
      "called from code",
      [{ ...COMPUTER, allowed_callers: ["code_execution_20260120"] }],
      "tools.0.computer_toolset_20260801.allowed_callers.0: Input should be 'direct'",
    ],
  ])("%s", (_name, tools, expected) => expect(verdict({ tools })).toBe(expected));

  test("no member left, a choice by its name, and the older streaming beta", () => {
    const members =
      "key hold_key type cursor_position mouse_move left_mouse_down left_mouse_up left_click left_click_drag right_click middle_click double_click triple_click scroll wait screenshot zoom";
    const configs = Object.fromEntries(members.split(" ").map((member) => [member, { enabled: false }]));
    expect(verdict({ tools: [{ ...COMPUTER, configs }] })).toBe(
      "tools.0.computer_toolset_20260801.configs: at least one member must be enabled",
    );
    expect(verdict({ tools: [COMPUTER], tool_choice: { type: "tool", name: "computer" } })).toBe(
      "tool_choice: Tool 'computer' not found in provided tools",
    );
    expect(verdict({ tools: [COMPUTER] }, ["fine-grained-tool-streaming-2025-05-14"])).toContain("cannot be used with the beta");
  });
});

describe("a member's result", () => {
  const tab = { tab_id: "t1", title: "A", url: "https://a.example", active: true };
  const state = (change: object = {}) => ({ type: "browser_state", tabs: [tab], ...change });
  const opened = { type: "tab_opened", tab_id: "t1" };
  const text = { type: "text", text: "Done." };
  const answered = (name: string, result: object, family: string | null = "browser") => ({
    tools: [COMPUTER, BROWSER],
    messages: [
      { role: "user", content: "q" },
      {
        role: "assistant",
        content: [{ type: "tool_use", id: "c", name, input: {}, ...(family ? { toolset_name: family } : {}) }],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "c", ...result }] },
    ],
  });
  const browser = { toolset_name: "browser" };
  const at = "messages.2.content.0.tool_result";

  test.each<[name: string, body: object, expected: string]>([
    ["with words and the tabs", answered("navigate", { ...browser, content: [text, state()] }), "ok"],
    ["with an error in words", answered("new_tab", { ...browser, is_error: true, content: "No." }), "ok"],
    ["of a new tab", answered("new_tab", { ...browser, content: [state({ state_changes: [opened] })] }), "ok"],
    [
      "without its family",
      answered("navigate", { content: [text] }),
      `${at}.toolset_name: must be 'browser', as in its \`tool_use\``,
    ],
    [
      "of no member's call",
      answered("navigate", { ...browser, content: [text] }, null),
      `${at}.toolset_name: must not be set: the \`tool_use\` that it answers has none`,
    ],
    [
      "with a document",
      answered("navigate", {
        ...browser,
        content: [{ type: "document", source: { type: "text", media_type: "text/plain", data: "d" } }],
      }),
      `${at}.content.0.document: a toolset member's result may only hold text, images and \`browser_state\``,
    ],
    [
      "of a screen, with tabs",
      answered("key", { toolset_name: "computer", content: [text, state()] }, "computer"),
      `${at}.content.1.browser_state: only results of the browser toolset may hold \`browser_state\``,
    ],
    [
      "with an error and tabs",
      answered("navigate", { ...browser, is_error: true, content: [text, state()] }),
      `${at}.content.1.browser_state: a result with \`is_error\` may not hold \`browser_state\``,
    ],
    [
      "with the tabs twice",
      answered("navigate", { ...browser, content: [text, state(), state()] }),
      `${at}.content.2.browser_state: a result may hold one \`browser_state\` only`,
    ],
    [
      "without an active tab",
      answered("find", { ...browser, content: [text, state({ tabs: [{ ...tab, active: false }] })] }),
      `${at}.content.1.browser_state.tabs: exactly one tab must be \`active\``,
    ],
    [
      "with a tab twice",
      answered("find", { ...browser, content: [text, state({ tabs: [tab, { ...tab, active: false }] })] }),
      `${at}.content.1.browser_state.tabs: each \`tab_id\` must be unique`,
    ],
    [
      "with no changes in a list",
      answered("find", { ...browser, content: [text, state({ state_changes: [] })] }),
      `${at}.content.1.browser_state.state_changes: List should have at least 1 item after validation, not 0`,
    ],
    [
      "with a line break in an address",
      answered("find", { ...browser, content: [text, state({ tabs: [{ ...tab, url: "a\nb" }] })] }),
      `${at}.content.1.browser_state.tabs.0.url: String should match pattern '^[^\\p{Cc}\\u2028\\u2029]*$'`,
    ],
    [
      "with a tab that is not there",
      answered("find", { ...browser, content: [text, state({ state_changes: [{ ...opened, tab_id: "t2" }] })] }),
      `${at}.content.1.browser_state.state_changes.0.tab_opened.tab_id: is not in \`tabs\``,
    ],
    [
      "of a tab's call, in words",
      answered("list_tabs", { ...browser, content: [text, state()] }),
      `${at}.content: the result of \`list_tabs\` must be exactly one \`browser_state\` block`,
    ],
    [
      "of a new tab that it does not tell",
      answered("new_tab", { ...browser, content: [state()] }),
      `${at}.content.0.browser_state.state_changes: the result of \`new_tab\` must have exactly one \`tab_opened\`, of the active tab`,
    ],
  ])("%s", (_name, body, expected) => expect(verdict(body)).toBe(expected));
});
