import type { ComputerMember, ToolParam } from "@parley/wire";
import type { ClientTool } from "./client-tool.ts";
import { DIRECTION, POINT, REGION } from "./computer-members.ts";

export type ComputerToolParam = Extract<ToolParam, { name: "computer" }>;

const FIRST_ACTIONS: readonly ComputerMember[] = [
  "key",
  "type",
  "mouse_move",
  "left_click",
  "left_click_drag",
  "right_click",
  "middle_click",
  "double_click",
  "screenshot",
  "cursor_position",
];
const LATER_ACTIONS: readonly ComputerMember[] = [
  "triple_click",
  "left_mouse_down",
  "left_mouse_up",
  "scroll",
  "hold_key",
  "wait",
];

/** The tool of the years before the toolset: one for all actions, on a screen whose size the request tells. */
export function computerTool(tool: ComputerToolParam): ClientTool {
  const isFirst = tool.type === "computer_20241022";
  const canZoom = tool.type === "computer_20251124" && tool.enable_zoom === true;
  const actions = [...FIRST_ACTIONS, ...(isFirst ? [] : LATER_ACTIONS), ...(canZoom ? ["zoom"] : [])];
  const { display_width_px: width, display_height_px: height, display_number: display } = tool;
  const screen = `The screen is ${width} pixels wide and ${height} high`;
  const drag = isFirst
    ? "`left_click_drag` drags from where the pointer is to `coordinate`. "
    : "`left_click_drag` drags from `start_coordinate` to `coordinate`. ";
  return {
    description:
      `Uses a computer by its screen, mouse and keyboard. ${screen}${typeof display !== "number" ? "" : ` (X11 display ${display})`}; ` +
      "coordinates are pixels from its upper left corner. Look with `screenshot` before you act and after it, and click in the " +
      `middle of what you mean. A click needs \`coordinate\`; \`type\` and \`key\` need \`text\`. ${drag}` +
      (isFirst ? "" : "`scroll` needs a direction and an amount, `hold_key` and `wait` a duration. ") +
      (canZoom ? "`zoom` shows a `region` enlarged, to read what is small; coordinates stay those of the whole screen. " : ""),
    inputSchema: {
      type: "object",
      properties: {
        action: { type: "string", enum: actions, description: "What to do." },
        coordinate: { ...POINT, description: "[x, y] in pixels of the screen: where to click, move, drag to or scroll." },
        text: {
          type: "string",
          description:
            "For `type`: the text. For `key` and `hold_key`: a key or keys joined by `+`, for example `Return` or `ctrl+s`." +
            (isFirst ? "" : " For clicks and `scroll`: keys to hold meanwhile."),
        },
        ...(isFirst
          ? {}
          : {
              start_coordinate: { ...POINT, description: "For `left_click_drag`: [x, y] where to begin." },
              scroll_direction: DIRECTION,
              scroll_amount: { type: "integer", description: "For `scroll`: clicks of the wheel." },
              duration: { type: "number", description: "For `hold_key` and `wait`: seconds." },
            }),
        ...(canZoom ? { region: REGION } : {}),
      },
      required: ["action"],
      additionalProperties: false,
    },
  };
}
