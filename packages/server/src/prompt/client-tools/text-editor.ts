import type { ClientTool } from "./client-tool.ts";

interface Variant {
  /** The key that holds the text of `insert`; it was renamed in 20250728. */
  readonly insertKey: "new_str" | "insert_text";
  readonly canUndo: boolean;
}

export function textEditorTool({ insertKey, canUndo }: Variant): ClientTool {
  const commands = ["view", "create", "str_replace", "insert", ...(canUndo ? ["undo_edit"] : [])];
  const newStr =
    insertKey === "new_str"
      ? "For `str_replace`: the text that takes the place of `old_str`; left out, `old_str` is deleted. For `insert`: the text to insert."
      : "For `str_replace`: the text that takes the place of `old_str`; left out, `old_str` is deleted.";
  return {
    description:
      "Views, creates and edits text files. `view` shows a file with line numbers, or lists a directory. `create` writes " +
      "a whole file. `str_replace` replaces a text that occurs exactly once in the file. `insert` puts text after a line." +
      (canUndo ? " `undo_edit` takes back the last edit of the file." : ""),
    inputSchema: {
      type: "object",
      properties: {
        command: { type: "string", enum: commands, description: "What to do." },
        path: { type: "string", description: "Path of the file or directory." },
        view_range: {
          type: "array",
          items: { type: "integer" },
          minItems: 2,
          maxItems: 2,
          description: "For `view` of a file: first and last line, counted from 1; -1 as the last means to the end.",
        },
        file_text: { type: "string", description: "For `create`: the whole content of the file." },
        old_str: { type: "string", description: "For `str_replace`: the text to replace, exactly as it stands in the file." },
        new_str: { type: "string", description: newStr },
        insert_line: {
          type: "integer",
          description: "For `insert`: the line after which to insert; 0 is the start of the file.",
        },
        ...(insertKey === "insert_text"
          ? { insert_text: { type: "string", description: "For `insert`: the text to insert." } }
          : {}),
      },
      required: ["command", "path"],
      additionalProperties: false,
    },
  };
}
