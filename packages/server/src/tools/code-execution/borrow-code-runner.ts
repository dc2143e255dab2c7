import { ServerToolError } from "../server-tool.ts";
import type { CodeAnswer, CodeQuestion } from "./code-question.ts";
import type { CodeCall, CodeRunner, CodeRunnerDeps } from "./create-code-runner.ts";
import type { ProgramOutcome } from "./create-tool-programs.ts";
import { openContainer } from "./open-container.ts";

/** Runs programs in the process of this node that runs those of all: see `lendCodeRunner`. */
export function borrowCodeRunner(
  deps: Pick<CodeRunnerDeps, "sandbox" | "containers"> & {
    readonly ask: (question: CodeQuestion, signal: AbortSignal) => Promise<unknown>;
  },
): CodeRunner {
  async function outcomeOf(question: CodeQuestion, { signal, container }: CodeCall): Promise<ProgramOutcome> {
    const answer = (await deps.ask(question, signal)) as CodeAnswer;
    if (answer.type === "error") throw new ServerToolError(answer.code, answer.message);
    const { container: used } = answer;
    if (used !== null) await container.open(async () => used);
    return answer.outcome;
  }

  return {
    async run(call, program) {
      const question = { type: "run", call: toSent(call), container: await openContainer(call, deps), program } as const;
      const outcome = await outcomeOf(question, call);
      if (outcome.type !== "done") throw new Error("a program that cannot ask has asked");
      return outcome.result;
    },
    begin: async (call, program) =>
      outcomeOf({ type: "begin", call: toSent(call), container: await openContainer(call, deps), program }, call),
    goOn: (call, results) => outcomeOf({ type: "go-on", call: toSent(call), results }, call),
  };
}

/** Of the conversation only what running code wants. */
function toSent({ id, turn }: CodeCall): CodeQuestion["call"] {
  const { requestId, workspaceId, container, programTools, serverTools } = turn;
  return {
    id,
    turn: {
      requestId,
      workspaceId,
      ...(container === undefined ? {} : { container }),
      ...(programTools === undefined ? {} : { programTools }),
      ...(serverTools === undefined ? {} : { serverTools }),
    },
  };
}
