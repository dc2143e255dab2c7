import type { ContainerReference, ProgramCallResult } from "../../turn/turn.ts";
import type { CodeCall, Program } from "./create-code-runner.ts";
import type { ProgramOutcome } from "./create-tool-programs.ts";

/** A call of a process that runs no programs itself, on its way to the one of its node that does. */
export type CodeQuestion = { readonly call: Pick<CodeCall, "id" | "turn"> } & (
  | { readonly type: "run" | "begin"; readonly container: ContainerReference; readonly program: Program }
  | { readonly type: "go-on"; readonly results: readonly ProgramCallResult[] }
);

/** What came of it; a `ServerToolError` is told by its code. */
export type CodeAnswer =
  | { readonly type: "outcome"; readonly outcome: ProgramOutcome; readonly container: ContainerReference | null }
  | { readonly type: "error"; readonly code: string; readonly message: string };
