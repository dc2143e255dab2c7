import type { ClientTool } from "./client-tool.ts";

export const MEMORY_TOOL: ClientTool = {
  description:
    "Reads and writes your memory: files under /memories that stay from one conversation to the next. Look at /memories " +
    "with `view` before you begin a task, write down progress and facts worth keeping as you go, and keep the files tidy. " +
    "`view` shows a directory or a file, `create` writes a file, `str_replace` replaces a text that occurs once, `insert` " +
    "puts text after a line, `delete` removes a file or directory, `rename` moves one.",
  inputSchema: {
    type: "object",
    properties: {
      command: {
        type: "string",
        enum: ["view", "create", "str_replace", "insert", "delete", "rename"],
        description: "What to do.",
      },
      path: { type: "string", description: "For all but `rename`: a path that starts with /memories." },
      view_range: {
        type: "array",
        items: { type: "integer" },
        minItems: 2,
        maxItems: 2,
        description: "For `view` of a file: first and last line, counted from 1.",
      },
      file_text: { type: "string", description: "For `create`: the whole content of the file." },
      old_str: { type: "string", description: "For `str_replace`: the text to replace." },
      new_str: { type: "string", description: "For `str_replace`: the text that takes its place." },
      insert_line: { type: "integer", description: "For `insert`: the line after which to insert; 0 is the start." },
      insert_text: { type: "string", description: "For `insert`: the text to insert." },
      old_path: { type: "string", description: "For `rename`: the present path." },
      new_path: { type: "string", description: "For `rename`: the new path." },
    },
    required: ["command"],
    additionalProperties: false,
  },
};
