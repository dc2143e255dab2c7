import * as readline from "node:readline/promises";
import Anthropic from "@anthropic-ai/sdk";
import { type CliContext, UserError } from "../cli-context.ts";
import { readRunFile } from "../run-file.ts";

export interface ChatOptions {
  readonly model: string;
  readonly system?: string;
  readonly url?: string;
  readonly key?: string;
  readonly maxTokens: number;
}

/** A streaming conversation in the terminal. One argument asks once and ends; none starts a prompt. */
export async function chat(
  question: string | undefined,
  options: ChatOptions,
  context: CliContext,
  signal: AbortSignal,
): Promise<void> {
  const url = options.url ?? readRunFile(context.dataDir)?.url;
  if (url === undefined) {
    throw new UserError("No Parley is running on this data folder. Start one with `npm start`, or name one with --url.");
  }
  // A variable that is set to nothing is none.
  const key = options.key ?? (process.env["PARLEY_API_KEY"] || process.env["ANTHROPIC_API_KEY"]);
  if (!key) {
    throw new UserError("chat needs an API key: set PARLEY_API_KEY, or pass --key. `parley keys create` makes one.");
  }
  const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 1, timeout: 3_600_000 });
  const messages: Anthropic.MessageParam[] = [];

  const ask = async (text: string): Promise<void> => {
    messages.push({ role: "user", content: text });
    const stream = client.messages.stream(
      { model: options.model, max_tokens: options.maxTokens, messages, ...(options.system ? { system: options.system } : {}) },
      { signal },
    );
    stream.on("text", (delta) => process.stdout.write(delta));
    const message = await stream.finalMessage();
    messages.push({ role: "assistant", content: message.content });
    const { input_tokens, output_tokens } = message.usage;
    process.stdout.write("\n");
    context.tell(`\u001B[2m${message.model}: ${input_tokens} in, ${output_tokens} out, ${message.stop_reason ?? ""}\u001B[0m`);
  };

  if (question !== undefined) {
    await ask(question).catch((error: unknown) => {
      throw error instanceof Anthropic.APIError ? new UserError(error.message) : error;
    });
    return;
  }
  context.tell("Ask anything. /new starts over, /quit (or Ctrl-D) ends.");
  const terminal = readline.createInterface({ input: process.stdin, output: process.stdout });
  signal.addEventListener("abort", () => terminal.close(), { once: true });
  // Where questions are piped in nobody is prompted, and the input may have ended before the last answer has.
  const prompt = (): void => {
    if (process.stdin.isTTY) terminal.prompt();
  };
  terminal.setPrompt("› ");
  prompt();
  for await (const line of terminal) {
    const text = line.trim();
    if (text === "/quit") break;
    if (text === "/new") messages.length = 0;
    else if (text !== "") await ask(text).catch((error: unknown) => tellFailure(error, messages, context));
    prompt();
  }
  terminal.close();
}

/** A failed question is taken back, so that the next one starts from a whole conversation. */
function tellFailure(error: unknown, messages: Anthropic.MessageParam[], context: CliContext): void {
  if (messages.at(-1)?.role === "user") messages.pop();
  context.tell(error instanceof Error ? error.message : String(error));
}
