import type { CountTokensRequest, ToolParam } from "@parley/wire";
import type { PlacedText } from "./processes/ocr-messages.ts";

/** What a picture shows of a screen that the model acts on by coordinates. */
export interface Screen {
  /** In pixels that calls name; null: those of the picture itself. */
  readonly size: { readonly width: number; readonly height: number } | null;
  /** The part that is shown, enlarged; null: all of it. */
  readonly region: readonly [number, number, number, number] | null;
}

/** The screens that a request's results show, by the id of the call that each answers. */
export function findScreens({
  messages,
  tools = [],
}: Pick<CountTokensRequest, "messages" | "tools">): ReadonlyMap<string, Screen> {
  const size = tools.map(sizeOf).find((each) => each !== null) ?? null;
  const screens = new Map<string, Screen>();
  for (const { content } of messages) {
    if (!Array.isArray(content)) continue;
    for (const block of content) {
      if (block.type !== "tool_use") continue;
      const { id, name, input, toolset_name: toolset } = block;
      if (toolset) screens.set(id, { size: null, region: name === "zoom" ? toRegion(input["region"]) : null });
      else if (size !== null && name === "computer") {
        screens.set(id, { size, region: input["action"] === "zoom" ? toRegion(input["region"]) : null });
      }
    }
  }
  return screens;
}

function sizeOf(tool: ToolParam): Screen["size"] {
  switch (tool.type) {
    case "computer_20241022":
    case "computer_20250124":
    case "computer_20251124":
      return { width: tool.display_width_px, height: tool.display_height_px };
    default:
      return null;
  }
}

function toRegion(value: unknown): Screen["region"] {
  if (!Array.isArray(value) || value.length !== 4 || !value.every((each) => typeof each === "number")) return null;
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = value;
  return x1 > x0 && y1 > y0 ? [x0, y0, x1, y1] : null;
}

/** What OCR found on a screen, as a model reads it that cannot see: each text with the point to click for it. */
export function toScreenText(
  places: readonly PlacedText[],
  picture: { readonly width: number; readonly height: number },
  { size, region }: Screen,
): string {
  if (places.length === 0) return "";
  const [left, top, right, bottom] = region ?? [0, 0, size?.width ?? picture.width, size?.height ?? picture.height];
  const lines = places.map(({ x, y, text }) => {
    const point = [left + (x * (right - left)) / picture.width, top + (y * (bottom - top)) / picture.height];
    return `[${point.map(Math.round).join(", ")}] ${text}`;
  });
  return `Each line begins with the [x, y] of its text's middle on the screen.\n${lines.join("\n")}`;
}
