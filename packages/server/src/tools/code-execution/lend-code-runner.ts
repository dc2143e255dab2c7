import type { ContainerReference } from "../../turn/turn.ts";
import { ServerToolError } from "../server-tool.ts";
import type { CodeAnswer, CodeQuestion } from "./code-question.ts";
import type { CodeCall, CodeRunner } from "./create-code-runner.ts";
import type { ProgramOutcome } from "./create-tool-programs.ts";

/** Answers for the other processes of this node, so that a container has one queue and a program that waits is found by all. */
export function lendCodeRunner(runner: CodeRunner): (question: unknown, signal: AbortSignal) => Promise<CodeAnswer> {
  return async (asked, signal) => {
    // The other end is Parley, and has shown the secret.
    const question = asked as CodeQuestion;
    let container: ContainerReference | null = question.type === "go-on" ? null : question.container;
    const call: CodeCall = {
      ...question.call,
      signal,
      container: { open: async (make) => (container ??= await make()), current: () => container ?? undefined },
    };
    try {
      const outcome = await answer(runner, question, call);
      return { type: "outcome", outcome, container };
    } catch (error) {
      if (!(error instanceof ServerToolError)) throw error;
      return { type: "error", code: error.code, message: error.message };
    }
  };
}

async function answer(runner: CodeRunner, question: CodeQuestion, call: CodeCall): Promise<ProgramOutcome> {
  switch (question.type) {
    case "run":
      return { type: "done", result: await runner.run(call, question.program), hasSearched: false };
    case "begin":
      return runner.begin(call, question.program);
    case "go-on":
      return runner.goOn(call, question.results);
    default:
      return question satisfies never;
  }
}
