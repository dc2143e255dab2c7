import type { BrowserMember } from "@parley/wire";
import type { ClientTool } from "./client-tool.ts";
import { DIRECTION, REGION } from "./computer-members.ts";
import { memberTool } from "./member-tool.ts";

const POINT_TARGET = {
  type: "object",
  properties: {
    type: { type: "string", enum: ["coordinate"] },
    x: { type: "integer", description: "Pixels from the left edge of the page's screenshot." },
    y: { type: "integer", description: "Pixels from its top." },
  },
  required: ["type", "x", "y"],
  additionalProperties: false,
};
const ELEMENT_TARGET = {
  type: "object",
  properties: {
    type: { type: "string", enum: ["ref"] },
    ref: { type: "string", description: "As `read_page` or `find` shows it in brackets, for example `ref_7`." },
  },
  required: ["type", "ref"],
  additionalProperties: false,
};
const TARGET = { anyOf: [ELEMENT_TARGET, POINT_TARGET] };
const tab = { tab_id: { type: "string", description: "The tab; the active one if left out." } };
const oneTab = { tab_id: { type: "string" } };
const keys = { type: "string", description: "A key (`Enter`), keys joined by `+` (`ctrl+a`), or several with spaces between." };
const seconds = { type: "number", description: "Seconds, at most 30." };

const onPage = (description: string, properties: Readonly<Record<string, object>> = {}, required: readonly string[] = []) =>
  memberTool(description, { ...properties, ...tab }, required);

const click = (words: string): ClientTool =>
  onPage(
    `${words} an element or a point of the page.`,
    { target: TARGET, modifiers: { type: "string", description: "Keys to hold meanwhile, for example `ctrl+shift`." } },
    ["target"],
  );

/** What a model does with a browser, one tool each. */
export const BROWSER_TOOLS: Readonly<Record<BrowserMember, ClientTool>> = {
  navigate: onPage(
    "Opens an address, or goes through the history.",
    { url: { type: "string", description: "An address, or `back`, `forward` or `reload`." } },
    ["url"],
  ),
  read_page: onPage(
    "Reads the page as a tree of its elements, each with a reference such as [ref_7] that other tools take. Read before you act.",
    {
      filter: {
        type: "string",
        enum: ["interactive", "all"],
        description: "`interactive`: only what can be clicked or filled in; `all`: also what is outside the window.",
      },
      depth: { type: "integer", description: "Levels of the tree, 15 by default." },
      ref: { type: "string", description: "Reads below this element only." },
    },
  ),
  find: onPage("Finds elements by a description in words, with their references.", { query: { type: "string" } }, ["query"]),
  get_page_text: onPage("Reads the text of the page. Best for articles."),
  left_click: click("Clicks"),
  right_click: click("Clicks with the right button on"),
  middle_click: click("Clicks with the middle button on"),
  double_click: click("Clicks twice on"),
  triple_click: click("Clicks three times, which selects a line, on"),
  hover: onPage("Moves the pointer over an element or a point.", { target: TARGET }, ["target"]),
  form_input: onPage(
    "Sets the value of a field, a box or a list of a form.",
    {
      target: ELEMENT_TARGET,
      value: {
        anyOf: [{ type: "string" }, { type: "number" }, { type: "boolean" }],
        description: "true or false for a box to tick; for a list the option's text.",
      },
    },
    ["target", "value"],
  ),
  type: onPage("Types a text where the keyboard's focus is.", { text: { type: "string" } }, ["text"]),
  key: onPage("Presses a key or several.", { text: keys, repeat: { type: "integer", description: "1 to 100." } }, ["text"]),
  hold_key: onPage("Holds a key or several together for a while.", { text: keys, duration: seconds }, ["text", "duration"]),
  scroll: onPage(
    "Turns the wheel at a point of the page.",
    {
      target: POINT_TARGET,
      scroll_direction: DIRECTION,
      scroll_amount: { type: "integer", description: "Clicks of the wheel, 1 to 10; 3 by default." },
    },
    ["target", "scroll_direction"],
  ),
  scroll_to: onPage("Scrolls until an element is seen.", { target: ELEMENT_TARGET }, ["target"]),
  screenshot: onPage("Takes a screenshot of what is seen of the page."),
  zoom: onPage("Shows a part of the page enlarged, to read what is small.", { region: REGION }, ["region"]),
  left_click_drag: onPage(
    "Presses the left button at one point, moves to another and lets go.",
    { from: POINT_TARGET, target: POINT_TARGET },
    ["from", "target"],
  ),
  left_mouse_down: onPage("Presses the left button at a point, and holds it.", { target: POINT_TARGET }, ["target"]),
  left_mouse_up: onPage("Lets go of the left button at a point.", { target: POINT_TARGET }, ["target"]),
  mouse_move: onPage("Moves the pointer to a point.", { target: POINT_TARGET }, ["target"]),
  wait: onPage("Waits, for example while a page loads.", { duration: seconds }, ["duration"]),
  new_tab: memberTool("Opens an empty tab."),
  list_tabs: memberTool("Lists the open tabs."),
  switch_tab: memberTool("Makes a tab the active one.", oneTab, ["tab_id"]),
  close_tab: memberTool("Closes a tab.", oneTab, ["tab_id"]),
  read_console: onPage("Reads what the page has written to its console since the last time."),
  read_network: onPage("Lists the page's requests since the last time, with their status."),
  file_upload: onPage(
    "Puts files into a field of a form.",
    {
      target: ELEMENT_TARGET,
      paths: { type: "array", items: { type: "string" } },
      document_ids: { type: "array", items: { type: "string" } },
    },
    ["target"],
  ),
  javascript_exec: onPage(
    "Runs JavaScript in the page and returns the value of its last expression. Write the expression, no `return`.",
    { text: { type: "string" } },
    ["text"],
  ),
};
