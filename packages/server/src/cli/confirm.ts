import { confirm as ask, isCancel } from "@clack/prompts";
import { type CliContext, UserError } from "./cli-context.ts";

/** Asks before what cannot be undone, where there is a person at a terminal. A script is taken at its word. */
export async function confirm(question: string, options: { readonly yes?: boolean }, context: CliContext): Promise<void> {
  if (options.yes || context.json || !process.stdin.isTTY || !process.stderr.isTTY) return;
  const answer = await ask({ message: question, initialValue: false, output: process.stderr });
  if (isCancel(answer) || !answer) throw new UserError("Nothing was changed.");
}
