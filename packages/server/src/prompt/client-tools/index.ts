import type { ToolParam } from "@parley/wire";
import { BASH_TOOL } from "./bash.ts";
import type { ClientTool } from "./client-tool.ts";
import { computerTool } from "./computer.ts";
import { MEMORY_TOOL } from "./memory.ts";
import { textEditorTool } from "./text-editor.ts";

/** Null for what is no single client-run tool of Anthropic's. */
export function clientTool(tool: ToolParam): ClientTool | null {
  switch (tool.type) {
    case "bash_20241022":
    case "bash_20250124":
      return BASH_TOOL;
    case "text_editor_20241022":
    case "text_editor_20250124":
      return textEditorTool({ insertKey: "new_str", canUndo: true });
    case "text_editor_20250429":
      return textEditorTool({ insertKey: "new_str", canUndo: false });
    case "text_editor_20250728":
      return textEditorTool({ insertKey: "insert_text", canUndo: false });
    case "memory_20250818":
      return MEMORY_TOOL;
    case "computer_20241022":
    case "computer_20250124":
    case "computer_20251124":
      return computerTool(tool);
    default:
      return null;
  }
}
