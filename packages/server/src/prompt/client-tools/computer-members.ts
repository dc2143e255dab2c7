import type { ComputerMember } from "@parley/wire";
import { memberTool } from "./member-tool.ts";
import type { ClientTool } from "./client-tool.ts";

export const POINT = {
  type: "array",
  items: { type: "integer" },
  minItems: 2,
  maxItems: 2,
  description: "[x, y]: pixels from the left and the top edge of the screenshot.",
};
export const REGION = {
  type: "array",
  items: { type: "integer" },
  minItems: 4,
  maxItems: 4,
  description: "[x0, y0, x1, y1]: the upper left and the lower right corner, in pixels of the whole screenshot.",
};
export const DIRECTION = { type: "string", enum: ["up", "down", "left", "right"] };
const heldKeys = { type: "string", description: "Keys to hold meanwhile, for example `shift` or `ctrl+shift`." };
const keys = { type: "string", description: "A key or keys joined by `+`: `Return`, `Tab`, `ctrl+s`, `alt+Tab`." };
const seconds = { type: "number", description: "Seconds." };

const click = (words: string): ClientTool =>
  memberTool(`${words} at a point of the screen, or where the pointer is.`, { coordinate: POINT, text: heldKeys });

/** What a model does with a screen, one tool each. */
export const COMPUTER_TOOLS: Readonly<Record<ComputerMember, ClientTool>> = {
  screenshot: memberTool("Takes a screenshot of the whole screen. Look before you act, and after it."),
  zoom: memberTool("Shows a part of the screen enlarged, to read what is small.", { region: REGION }, ["region"]),
  left_click: click("Clicks"),
  right_click: click("Clicks with the right button"),
  middle_click: click("Clicks with the middle button"),
  double_click: click("Clicks twice"),
  triple_click: click("Clicks three times, which selects a line,"),
  left_click_drag: memberTool(
    "Presses the left button at one point, moves to another and lets go.",
    { start_coordinate: POINT, coordinate: POINT, text: heldKeys },
    ["start_coordinate", "coordinate"],
  ),
  mouse_move: memberTool("Moves the pointer without a click.", { coordinate: POINT }, ["coordinate"]),
  left_mouse_down: memberTool("Presses the left button where the pointer is, and holds it."),
  left_mouse_up: memberTool("Lets go of the left button."),
  cursor_position: memberTool("Tells where the pointer is."),
  scroll: memberTool(
    "Turns the wheel at a point of the screen, or where the pointer is.",
    {
      coordinate: POINT,
      scroll_direction: DIRECTION,
      scroll_amount: { type: "integer", description: "Clicks of the wheel." },
      text: heldKeys,
    },
    ["scroll_direction", "scroll_amount"],
  ),
  type: memberTool("Types a text where the keyboard's focus is. Click the field first.", { text: { type: "string" } }, ["text"]),
  key: memberTool(
    "Presses a key or several together.",
    { text: keys, repeat: { type: "integer", description: "How often, 1 to 100; 1 by default." } },
    ["text"],
  ),
  hold_key: memberTool("Holds a key or several together for a while.", { text: keys, duration: seconds }, ["text", "duration"]),
  wait: memberTool("Waits, for example while a page loads.", { duration: seconds }, ["duration"]),
};
