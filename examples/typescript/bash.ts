// A shell that the model uses; you see each command and allow it. Run it with: npx node examples/typescript/bash.ts ./folder "…"
import Anthropic from "@anthropic-ai/sdk";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline/promises";

const [folder = ".", task = "How many files are in this folder?"] = process.argv.slice(2);
const OUTPUT_MAX_CHARACTERS = 10_000;
const COMMAND_TIMEOUT_MS = 60_000;

/** One bash that stays from one command to the next, with its folder and variables. */
function startShell(): ChildProcessWithoutNullStreams {
  const shell = spawn("bash", ["--noprofile", "--norc"], { cwd: folder });
  shell.stdin.write("exec 2>&1\n");
  return shell;
}

async function run(shell: ChildProcessWithoutNullStreams, command: string): Promise<string> {
  const mark = randomUUID();
  let output = "";
  const whole = new Promise<string>((resolve, reject) => {
    const gone = () => reject(new Error("the shell has ended; restart it"));
    const read = (piece: Buffer): void => {
      output += piece.toString();
      const end = output.indexOf(mark);
      if (end < 0 || !output.includes("\n", end)) return;
      shell.stdout.off("data", read).off("close", gone);
      resolve(`${output.slice(0, end).trimEnd()}\n(exit code ${output.slice(end + mark.length).trim()})`);
    };
    shell.stdout.on("data", read).once("close", gone);
  });
  shell.stdin.write(`${command}\nprintf '\\n%s %s\\n' ${mark} $?\n`);
  const timer = setTimeout(() => shell.kill("SIGKILL"), COMMAND_TIMEOUT_MS);
  return (await whole.finally(() => clearTimeout(timer))).slice(-OUTPUT_MAX_CHARACTERS);
}

const client = new Anthropic(); // reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
const terminal = createInterface({ input: process.stdin });
const answers = terminal[Symbol.asyncIterator]();
const messages: Anthropic.MessageParam[] = [{ role: "user", content: task }];
let shell = startShell();
for (let step = 0; step < 8; step += 1) {
  const message = await client.messages.create({
    model: process.env["ANTHROPIC_MODEL"] ?? "claude-sonnet-5-5",
    max_tokens: 1024,
    tools: [{ type: "bash_20250124", name: "bash" }],
    messages,
  });
  messages.push({ role: "assistant", content: message.content });
  const results: Anthropic.ToolResultBlockParam[] = [];
  for (const block of message.content) {
    if (block.type === "text") console.log(block.text);
    if (block.type !== "tool_use") continue;
    const { command, restart } = block.input as { readonly command?: string; readonly restart?: boolean };
    const answer = async (): Promise<string> => {
      if (restart) {
        shell.kill("SIGKILL");
        shell = startShell();
        return "A fresh shell.";
      }
      process.stdout.write(`$ ${command ?? ""}\nRun it? [y/N] `);
      const { value } = await answers.next();
      if (!/^y/i.test(String(value))) throw new Error("the user did not allow this command");
      return run(shell, command ?? "");
    };
    const [content, isError] = await answer().then(
      (output) => [output, false] as const,
      (error: unknown) => [String(error), true] as const,
    );
    console.log(content);
    results.push({ type: "tool_result", tool_use_id: block.id, content, is_error: isError });
  }
  if (message.stop_reason !== "tool_use") break;
  messages.push({ role: "user", content: results });
}
terminal.close();
shell.kill("SIGKILL");
