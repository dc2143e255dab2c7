import { BASH_TOOL } from "./bash.ts";
import type { ClientTool } from "./client-tool.ts";
import { MEMORY_TOOL } from "./memory.ts";
import { textEditorTool } from "./text-editor.ts";

const CLIENT_TOOLS: ReadonlyMap<string, ClientTool> = new Map([
  ["bash_20241022", BASH_TOOL],
  ["bash_20250124", BASH_TOOL],
  ["text_editor_20241022", textEditorTool({ insertKey: "new_str", canUndo: true })],
  ["text_editor_20250124", textEditorTool({ insertKey: "new_str", canUndo: true })],
  ["text_editor_20250429", textEditorTool({ insertKey: "new_str", canUndo: false })],
  ["text_editor_20250728", textEditorTool({ insertKey: "insert_text", canUndo: false })],
  ["memory_20250818", MEMORY_TOOL],
]);

/** Null for a type that is no client-run tool of Anthropic's, or one that text weights cannot use. */
export function clientTool(type: string): ClientTool | null {
  return CLIENT_TOOLS.get(type) ?? null;
}
