import type {
  BashCodeExecutionErrorCode,
  BashCodeExecutionToolResultBlock,
  CodeExecutionErrorCode,
  CodeExecutionToolResultBlock,
  TextEditorCodeExecutionErrorCode,
  TextEditorCodeExecutionToolResultBlock,
} from "@parley/wire";
import { CODE_FOLDER } from "../../sandbox/sandbox.ts";
import { type ProgramCalls, type ServerTool, type ServerToolCall, ServerToolError, type ServerTools } from "../server-tool.ts";
import type { CodeRunner, ProgramResult } from "./create-code-runner.ts";
import type { ProgramOutcome } from "./create-tool-programs.ts";
import { editFile } from "./edit-file.ts";
import { toToolProgram } from "./to-tool-program.ts";

export type CodeExecutionTools = Pick<ServerTools, "code_execution" | "bash_code_execution" | "text_editor_code_execution">;

/** Making a container and fetching its files comes before a program's own time. */
const BEYOND_RUN_MS = 30_000;
const CODES: ReadonlySet<string> = new Set<CodeExecutionErrorCode>([
  "invalid_tool_input",
  "unavailable",
  "too_many_requests",
  "execution_time_exceeded",
]);

/** The tools that run programs in containers. See docs/decisions/2026-11-22-sandbox.md. */
export function createCodeExecution(
  runner: CodeRunner,
  deps: {
    /** Of one program. */
    readonly timeoutMs: number;
    /** Seals what a program printed for a workspace: clients keep it, only we read it. */
    readonly seal: (workspaceId: string, text: string) => string;
  },
): CodeExecutionTools {
  const timeoutMs = deps.timeoutMs + BEYOND_RUN_MS;

  const toPythonResult = (id: string, ran: ProgramResult): CodeExecutionToolResultBlock => ({
    type: "code_execution_tool_result",
    tool_use_id: id,
    content: { type: "code_execution_result", ...toRan(ran, "code_execution_output") },
  });
  const toOutcome = ({ id, turn }: ServerToolCall, outcome: ProgramOutcome): CodeExecutionToolResultBlock | ProgramCalls => {
    if (outcome.type === "calls") return { type: "program_calls", calls: outcome.calls };
    if (!outcome.hasSearched) return toPythonResult(id, outcome.result);
    const { stdout, ...rest } = toRan(outcome.result, "code_execution_output");
    return {
      type: "code_execution_tool_result",
      tool_use_id: id,
      content: { type: "encrypted_code_execution_result", encrypted_stdout: deps.seal(turn.workspaceId, stdout), ...rest },
    };
  };

  const python: ServerTool = {
    counts: null,
    timeoutMs,
    async run(call) {
      const code = textOf(call, "code");
      const { programTools = [] } = call.turn;
      if (programTools.length > 0) {
        return toOutcome(call, await runner.begin(call, { ...toToolProgram(code, programTools), givesFiles: true }));
      }
      const ran = await runner.run(call, {
        command: ["python3", `${CODE_FOLDER}/main.py`],
        code: { "main.py": code },
        givesFiles: true,
      });
      return toPythonResult(call.id, ran);
    },
    goOn: async (call, results) => toOutcome(call, await runner.goOn(call, results)),
    error: (id, code): CodeExecutionToolResultBlock => ({
      type: "code_execution_tool_result",
      tool_use_id: id,
      content: {
        type: "code_execution_tool_result_error",
        error_code: CODES.has(code) ? (code as CodeExecutionErrorCode) : "unavailable",
      },
    }),
  };

  const bash: ServerTool = {
    counts: null,
    timeoutMs,
    async run(call): Promise<BashCodeExecutionToolResultBlock> {
      const command = textOf(call, "command");
      const ran = await runner.run(call, {
        command: ["bash", `${CODE_FOLDER}/main.sh`],
        code: { "main.sh": command },
        givesFiles: true,
      });
      if (ran.hasOversizedFile) throw new ServerToolError("output_file_too_large", "a file for the user is too large");
      return {
        type: "bash_code_execution_tool_result",
        tool_use_id: call.id,
        content: { type: "bash_code_execution_result", ...toRan(ran, "bash_code_execution_output") },
      };
    },
    error: (id, code): BashCodeExecutionToolResultBlock => ({
      type: "bash_code_execution_tool_result",
      tool_use_id: id,
      content: {
        type: "bash_code_execution_tool_result_error",
        error_code: CODES.has(code) || code === "output_file_too_large" ? (code as BashCodeExecutionErrorCode) : "unavailable",
      },
    }),
  };

  const editor: ServerTool = {
    counts: null,
    timeoutMs,
    async run(call): Promise<TextEditorCodeExecutionToolResultBlock> {
      const content = await editFile(call.input, (job) => runner.run(call, job));
      return { type: "text_editor_code_execution_tool_result", tool_use_id: call.id, content };
    },
    error: (id, code): TextEditorCodeExecutionToolResultBlock => ({
      type: "text_editor_code_execution_tool_result",
      tool_use_id: id,
      content: {
        type: "text_editor_code_execution_tool_result_error",
        error_code: CODES.has(code) ? (code as TextEditorCodeExecutionErrorCode) : "unavailable",
        error_message: null,
      },
    }),
  };

  return { code_execution: python, bash_code_execution: bash, text_editor_code_execution: editor };
}

function textOf({ input }: ServerToolCall, name: string): string {
  const value = input[name];
  if (typeof value === "string" && value.trim() !== "") return value;
  throw new ServerToolError("invalid_tool_input", `no ${name}`);
}

function toRan<Output extends string>({ stdout, stderr, returnCode, fileIds }: ProgramResult, output: Output) {
  return { stdout, stderr, return_code: returnCode, content: fileIds.map((id) => ({ type: output, file_id: id })) };
}
