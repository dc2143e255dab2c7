import tab from "@bomb.sh/tab/commander";
import { CommanderError } from "commander";
import { Failure } from "../platform/fail.ts";
import { ConfigError } from "../platform/config.ts";
import { WeightsUnavailable } from "../weights/fetch-weights.ts";
import { UserError } from "./cli-context.ts";
import { createProgram } from "./program.ts";
import { stopOnSignals } from "./stop-on-signals.ts";

const stop = new AbortController();
stopOnSignals(process, {
  stop: () => stop.abort(new UserError("stopped")),
  force: () => process.exit(130),
  monotonicMs: () => performance.now(),
});

const program = createProgram(stop.signal);
tab(program);
try {
  await program.parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error);
}
// The embedded database and the engines are children of their own; nothing else may hold the process open.
process.exit();

/** Prints what went wrong for a person, and returns the exit code. A stack is shown only for what is our own fault. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode;
  if (stop.signal.aborted && error === stop.signal.reason) return 130;
  if (error instanceof ConfigError) {
    process.stderr.write(
      `The configuration has ${error.problems.length === 1 ? "a mistake" : "mistakes"}:\n  ${error.message.replaceAll("\n", "\n  ")}\n`,
    );
    return 2;
  }
  const expected = error instanceof UserError || error instanceof WeightsUnavailable || error instanceof Failure;
  process.stderr.write(
    expected ? `${error.message}\n` : `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return 1;
}
