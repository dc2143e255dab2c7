import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { resolveClaudeModel } from "../models/resolve-claude-model.ts";
import { servedCapabilities } from "../models/served-capabilities.ts";
import { measureImage } from "./check-image.ts";
import { localMedia } from "./testing/local-media.ts";

const bytes = readFileSync(join(import.meta.dirname, "__fixtures__/invoice.png"));
const size = measureImage(bytes) ?? { width: 0, height: 0 };
const rules = resolveClaudeModel("claude-haiku-4-5")?.model.rules;
if (!rules) throw new Error("claude-haiku-4-5 is unknown");
const capabilities = servedCapabilities(rules, "ocr", false);

type Request = Parameters<typeof localMedia.read>[0];

/** The picture as the result of one call. */
async function read(call: object, tools: object[]): Promise<{ readonly x: number; readonly y: number; readonly text: string }[]> {
  const source = { type: "base64", media_type: "image/png", data: bytes.toString("base64") };
  const request = {
    tools,
    messages: [
      { role: "assistant", content: [{ type: "tool_use", id: "c", ...call }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "c", content: [{ type: "image", source }] }] },
    ],
  } as unknown as Request;
  const signal = new AbortController().signal;
  const media = await localMedia.read(request, { workspaceId: "w", capabilities, mediaMax: 100, keepsNothing: false, signal });
  const lines = (media.pictures.get(source) ?? "").split("\n").slice(1);
  return lines.map((line) => {
    const [, x, y, text = ""] = /^\[(-?\d+), (-?\d+)\] (.*)$/.exec(line) ?? [];
    return { x: Number(x), y: Number(y), text };
  });
}

const screenshot = { name: "screenshot", toolset_name: "computer", input: {} };
const tool = (width: number, height: number) => [
  { type: "computer_20251124", name: "computer", display_width_px: width, display_height_px: height },
];

test.each<[name: string, call: object, tools: object[], frame: [left: number, top: number, right: number, bottom: number]]>([
  ["a screenshot", screenshot, [], [0, 0, size.width, size.height]],
  [
    "a part that is enlarged",
    { name: "zoom", toolset_name: "browser", input: { region: [100, 50, 140, 60] } },
    [],
    [100, 50, 140, 60],
  ],
  [
    "a picture that is half as large as the display",
    { name: "computer", input: { action: "screenshot" } },
    tool(size.width * 2, size.height * 2),
    [0, 0, size.width * 2, size.height * 2],
  ],
])(
  "a screen is read with a place for each text, in the pixels that the calls name: %s",
  { timeout: 60_000 },
  async (_name, call, tools, [left, top, right, bottom]) => {
    const places = await read(call, tools);
    const [number] = places.filter(({ text }) => text.includes("48213"));
    const [total] = places.filter(({ text }) => text.includes("euros"));
    expect(number && total && number.y < total.y).toBe(true);
    for (const { x, y } of places) expect([x >= left && x <= right, y >= top && y <= bottom]).toEqual([true, true]);
  },
);
