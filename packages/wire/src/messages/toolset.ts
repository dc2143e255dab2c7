import { z } from "zod";
import { cacheControlField } from "./cache-control.ts";

/** What a model may do with a screen, a call each. */
export const COMPUTER_MEMBERS = [
  "key",
  "hold_key",
  "type",
  "cursor_position",
  "mouse_move",
  "left_mouse_down",
  "left_mouse_up",
  "left_click",
  "left_click_drag",
  "right_click",
  "middle_click",
  "double_click",
  "triple_click",
  "scroll",
  "wait",
  "screenshot",
  "zoom",
] as const;

/** What a model may do with a browser. */
export const BROWSER_MEMBERS = [
  "navigate",
  "list_tabs",
  "new_tab",
  "switch_tab",
  "close_tab",
  "read_page",
  "get_page_text",
  "read_console",
  "read_network",
  "find",
  "form_input",
  "file_upload",
  "scroll_to",
  "screenshot",
  "zoom",
  "left_click",
  "right_click",
  "middle_click",
  "double_click",
  "triple_click",
  "hover",
  "left_click_drag",
  "left_mouse_down",
  "left_mouse_up",
  "mouse_move",
  "scroll",
  "type",
  "key",
  "hold_key",
  "wait",
  "javascript_exec",
] as const;

/** Withheld unless `configs` asks for them: they widen what a page can make of a model. */
const OPT_IN_MEMBERS: ReadonlySet<string> = new Set(["javascript_exec", "file_upload", "read_console", "read_network"]);

export type ComputerMember = (typeof COMPUTER_MEMBERS)[number];
export type BrowserMember = (typeof BROWSER_MEMBERS)[number];
export type ToolsetName = "computer" | "browser";

export const ToolsetMemberConfig = z
  .strictObject({ enabled: z.boolean().nullish(), defer_loading: z.boolean().nullish() })
  .meta({ id: "ToolsetMemberConfig" });

const configs = <Member extends string>(members: readonly Member[]) =>
  z
    .strictObject(
      Object.fromEntries(members.map((member) => [member, ToolsetMemberConfig.nullish()])) as Record<
        Member,
        ReturnType<typeof ToolsetMemberConfig.nullish>
      >,
    )
    .nullish();

const common = { cache_control: cacheControlField, allowed_callers: z.array(z.literal("direct")).optional() };

/** One entry for a family of tools that the client runs: their names and inputs are fixed by the date. */
export const ComputerToolset = z
  .strictObject({ type: z.literal("computer_toolset_20260801"), configs: configs(COMPUTER_MEMBERS), ...common })
  .meta({ id: "ComputerToolset" });

export const BrowserToolset = z
  .strictObject({ type: z.literal("browser_toolset_20260801"), configs: configs(BROWSER_MEMBERS), ...common })
  .meta({ id: "BrowserToolset" });

export type ComputerToolset = z.infer<typeof ComputerToolset>;
export type BrowserToolset = z.infer<typeof BrowserToolset>;
export type Toolset = ComputerToolset | BrowserToolset;

export function isToolset(tool: { readonly type?: unknown }): tool is Toolset {
  return tool.type === "computer_toolset_20260801" || tool.type === "browser_toolset_20260801";
}

/** What calls of its members carry beside their own name. */
export function toolsetName({ type }: Toolset): ToolsetName {
  return type === "computer_toolset_20260801" ? "computer" : "browser";
}

/** The members that the model is offered, and whether a search has to find each of them first. */
export function enabledMembers(toolset: Toolset): { readonly name: string; readonly isDeferred: boolean }[] {
  const members: readonly string[] = toolsetName(toolset) === "computer" ? COMPUTER_MEMBERS : BROWSER_MEMBERS;
  const given = (toolset.configs ?? {}) as Readonly<Record<string, z.infer<typeof ToolsetMemberConfig> | null>>;
  return members
    .filter((name) => given[name]?.enabled ?? !OPT_IN_MEMBERS.has(name))
    .map((name) => ({ name, isDeferred: given[name]?.defer_loading === true }));
}
