import type { TextEditorCodeExecutionToolResultBlock } from "@parley/wire";
import { z } from "zod";
import { SYSTEM_PYTHON } from "../../sandbox/python-environment.ts";
import { WORK_FOLDER } from "../../sandbox/sandbox.ts";
import { ServerToolError } from "../server-tool.ts";
import type { Program, ProgramResult } from "./create-code-runner.ts";
import { EDITOR_PROGRAM } from "./editor-program.ts";

/** More than the program ever answers: half an answer is none. */
const ANSWER_BYTES = 256_000;

type Content = TextEditorCodeExecutionToolResultBlock["content"];

const Edit = z.object({
  command: z.enum(["view", "create", "str_replace"]),
  path: z.string().min(1).max(4_096),
  view_range: z.tuple([z.int(), z.int()]).nullish(),
  file_text: z.string().nullish(),
  old_str: z.string().nullish(),
  new_str: z.string().nullish(),
});

const lines = z.int();
const Answer = z.discriminatedUnion("type", [
  z.object({ type: z.literal("view"), content: z.string(), num_lines: lines, start_line: lines, total_lines: lines }),
  z.object({ type: z.literal("create"), is_file_update: z.boolean() }),
  z.object({
    type: z.literal("str_replace"),
    lines: z.array(z.string()),
    old_start: lines,
    old_lines: lines,
    new_start: lines,
    new_lines: lines,
  }),
  z.object({ type: z.literal("error"), error_code: z.enum(["file_not_found", "invalid_tool_input"]), error_message: z.string() }),
]);

/**
 * Edits a file in the container, inside the sandbox: what stands at a path is a program's, who may have put a link there, so
 * the server itself opens nothing.
 */
export async function editFile(input: unknown, run: (program: Program) => Promise<ProgramResult>): Promise<Content> {
  const edit = Edit.safeParse(input);
  if (!edit.success) throw new ServerToolError("invalid_tool_input", edit.error.message);
  const ran = await run({
    // Isolated: modules that a program left in the folder are not loaded.
    command: [SYSTEM_PYTHON, "-I", "-c", EDITOR_PROGRAM, WORK_FOLDER],
    stdin: JSON.stringify(edit.data),
    keepBytes: ANSWER_BYTES,
    givesFiles: false,
  });
  const answer = Answer.safeParse(parse(ran.stdout));
  if (!answer.success) throw new ServerToolError("unavailable", `the editor said ${ran.stderr.slice(0, 500)}`);
  return toContent(answer.data);
}

function toContent(answer: z.infer<typeof Answer>): Content {
  switch (answer.type) {
    case "view":
      return { ...answer, type: "text_editor_code_execution_view_result", file_type: "text" };
    case "create":
      return { ...answer, type: "text_editor_code_execution_create_result" };
    case "str_replace":
      return { ...answer, type: "text_editor_code_execution_str_replace_result" };
    case "error":
      return { ...answer, type: "text_editor_code_execution_tool_result_error" };
    default:
      throw new TypeError(`no such answer: ${JSON.stringify(answer satisfies never)}`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
