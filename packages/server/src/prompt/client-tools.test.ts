import { BROWSER_MEMBERS, COMPUTER_MEMBERS, parseMessagesCreate } from "@parley/wire";
import { expect, test } from "vitest";
import { testTurnContext } from "../../test/support/test-turn-context.ts";
import { resultTexts } from "../tools/testing/result-texts.ts";
import type { Turn } from "../turn/turn.ts";
import { toTurn } from "./to-turn.ts";

function turn(body: object): Turn {
  const hello = { model: "m", max_tokens: 10, messages: [{ role: "user", content: "Hello" }] };
  const checked = parseMessagesCreate({ ...hello, ...body }, { version: "2026-10-21" });
  if (!checked.ok) throw new Error(checked.message);
  return toTurn(checked.value, testTurnContext());
}

type Case = [type: string, options: object, some: string[], none: string[], noKeys: string[]];
test.each<Case>([
  ["computer_20241022", {}, ["screenshot", "left_click_drag"], ["scroll", "zoom"], ["start_coordinate", "region"]],
  ["computer_20250124", {}, ["scroll", "wait", "triple_click"], ["zoom"], ["region"]],
  ["computer_20251124", {}, ["scroll"], ["zoom"], ["region"]],
  ["computer_20251124", { enable_zoom: true }, ["scroll", "zoom"], [], []],
])("%s %j tells the size of the screen and the actions that its date has", (type, options, some, none, noKeys) => {
  const screen = { display_width_px: 1280, display_height_px: 800, display_number: 1 };
  const [tool] = turn({ tools: [{ type, name: "computer", ...screen, ...options }] }).tools;
  expect(tool?.name).toBe("computer");
  expect(tool?.description).toContain("1280 pixels wide and 800 high (X11 display 1)");
  const properties = (tool?.inputSchema["properties"] ?? {}) as Record<string, { enum?: string[] }>;
  expect(properties["action"]?.enum).toEqual(expect.arrayContaining(some));
  expect(properties["action"]?.enum?.filter((action) => none.includes(action))).toEqual([]);
  expect(Object.keys(properties).filter((key) => noKeys.includes(key))).toEqual([]);
});

test("a toolset is a tool for each of its members, without those that are switched off", () => {
  const marked = {
    type: "computer_toolset_20260801",
    configs: { zoom: { enabled: false } },
    cache_control: { type: "ephemeral" },
  };
  const clash = { name: "browser_find", input_schema: { type: "object" } };
  const { tools, toolsetMembers } = turn({ tools: [clash, marked, { type: "browser_toolset_20260801" }] });
  const optIn = ["javascript_exec", "file_upload", "read_console", "read_network"];
  expect(tools.map(({ name }) => name)).toEqual([
    "browser_find",
    ...COMPUTER_MEMBERS.filter((member) => member !== "zoom").map((member) => `computer_${member}`),
    ...BROWSER_MEMBERS.filter((member) => !optIn.includes(member)).map((member) =>
      member === "find" ? "browser_find_2" : `browser_${member}`,
    ),
  ]);
  expect(tools.filter(({ cacheTtl }) => cacheTtl).map(({ name }) => name)).toEqual(["computer_screenshot"]);
  expect(toolsetMembers).toContainEqual({ name: "browser_find_2", toolset: "browser", member: "find" });
});

test("what a browser reports of its tabs and downloads is told in the platform's words, and once", () => {
  const tab = (id: string, title: string, active = false) => ({
    tab_id: id,
    title,
    url: `https://example.com/${id}`,
    ...(active ? { active } : {}),
  });
  const tabs = [tab("tab-1", 'The "Docs"'), tab("tab-2", "Pricing", true)];
  const state = (state_changes?: object[]) => ({ type: "browser_state", tabs, ...(state_changes ? { state_changes } : {}) });
  const text = { type: "text", text: "Clicked." };
  const steps: [name: string, input: object, content: object[]][] = [
    ["left_click", { tab_id: "tab-1" }, [text, state([{ type: "tab_opened", tab_id: "tab-2" }])]],
    ["left_click", {}, [text, state()]],
    ["list_tabs", {}, [state()]],
    ["switch_tab", { tab_id: "tab-2" }, [state()]],
    ["new_tab", {}, [state([{ type: "tab_opened", tab_id: "tab-2" }])]],
    [
      "wait",
      {},
      [
        text,
        state([
          { type: "download_completed", download_id: "d", url: "https://example.com/a.csv", path: "/tmp/a.csv", size_bytes: 5 },
        ]),
      ],
    ],
  ];
  const calls = steps.flatMap(([name, input, content], at) => [
    { role: "assistant", content: [{ type: "tool_use", id: `c${at}`, name, input, toolset_name: "browser" }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: `c${at}`, toolset_name: "browser", content }] },
  ]);
  const messages = [{ role: "user", content: "Go." }, ...calls];
  const made = turn({ tools: [{ type: "browser_toolset_20260801" }], messages });
  expect(JSON.stringify(made.messages[1]?.content)).toContain('"name":"browser_left_click"');
  expect(resultTexts(made)).toEqual([
    'Clicked.\n\nTab Context:\n- Executed on tab_id: tab-1\n- Available tabs:\n  • tab_id tab-1: "The \\"Docs\\"" (https://example.com/tab-1)\n  • tab_id tab-2: "Pricing" (https://example.com/tab-2)',
    "Clicked.",
    'Available tabs:\n  • tab_id tab-1: "The \\"Docs\\"" (https://example.com/tab-1)\n  • tab_id tab-2: "Pricing" (https://example.com/tab-2) (current)',
    "Switched to tab tab-2",
    "Created new tab with tab_id: tab-2, URL: https://example.com/tab-2. It is now the current tab.",
    'Clicked.\n\nDownload completed with download_id: d, URL: "https://example.com/a.csv". Saved to "/tmp/a.csv". Size: 5 bytes.',
  ]);
});
