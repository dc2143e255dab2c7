import { runInNewContext } from "node:vm";
import { z } from "zod";
import type { ContainerPlace, Containers } from "../../containers/create-containers.ts";
import { newId } from "../../platform/ids.ts";
import type { ContainerReference, ProgramCallResult, ToolSpec } from "../../turn/turn.ts";
import { type ProgramCall, ServerToolError } from "../server-tool.ts";
import type { CodeCall, CodeTurn, CreateCheck, InTurn, Program, ProgramResult } from "./create-code-runner.ts";

/** What a program does next: it waits for tools of the client, or it has ended. */
export type ProgramOutcome =
  | { readonly type: "calls"; readonly calls: readonly ProgramCall[] }
  /** `hasSearched`: what it printed may hold what searches carry sealed. */
  | { readonly type: "done"; readonly result: ProgramResult; readonly hasSearched: boolean };

export interface ToolProgramsDeps {
  readonly containers: Pick<Containers, "use">;
  readonly inTurn: InTurn;
  readonly runIn: (place: ContainerPlace, turn: CodeTurn, program: Program, signal: AbortSignal) => Promise<ProgramResult>;
  readonly createCheck: CreateCheck;
  /** Programs that are begun and have not ended, of one workspace, of all workspaces of one organization, and in all. */
  readonly programsMax: { readonly ofWorkspace: number; readonly ofOrganization: number; readonly inAll: number };
  /** For how long a program waits for one answer. */
  readonly waitMs: number;
}

/** Where a program runs, and whose it is. */
export interface ProgramPlace {
  readonly container: ContainerReference;
  readonly organizationId: string;
}

/** Programs that call tools of the client: they outlive the reply in which they began, in the memory of this process. */
export interface ToolPrograms {
  begin(call: CodeCall, at: ProgramPlace, program: Program): Promise<ProgramOutcome>;
  /** Throws `ServerToolError` where no program of this workspace waits for these results. */
  goOn(call: CodeCall, results: readonly ProgramCallResult[]): Promise<ProgramOutcome>;
}

/** One line to a program: what came of its calls, by its own numbers. */
interface Answer {
  readonly id: number;
  readonly text: string;
  /** The exception that it is raised as. */
  readonly error: "ToolError" | "TimeoutError" | null;
}

interface Begun {
  readonly organizationId: string;
  readonly workspaceId: string;
  readonly container: ContainerReference;
  readonly tools: ReadonlyMap<string, ToolSpec>;
  /** Those of them that this server runs. */
  readonly own: ReadonlySet<string>;
  hasSearched: boolean;
  /** What is left of `CHECKS_MS`. */
  checksLeftMs: number;
  /** Ends it. */
  readonly stop: AbortController;
  /** Settles with the program. */
  readonly ended: PromiseWithResolvers<ProgramOutcome>;
  hasEnded: boolean;
  /** Nobody answered it in time: whatever it asks now gets no answer either. */
  isLate: boolean;
  /** Settles when it asks. */
  asks: PromiseWithResolvers<ProgramOutcome>;
  /** What it waits for, by the ids that the client knows. */
  open: ReadonlyMap<string, { readonly number: number; readonly name: string }>;
  answer: (answers: readonly Answer[]) => void;
  /** What came of the last answers, for a client that sends them again. */
  last: { readonly ids: string; readonly outcome: Promise<ProgramOutcome> } | null;
  timer: NodeJS.Timeout | null;
}

/** Of one program, over all that it asks. */
const WAITS_MS = 1_800_000;
/** A result is kept for a client whose reply was lost on its way. */
const KEEP_MS = 60_000;
export const CALLS_MAX = 32;
/** Of one call's input. A schema can cost far more than what it is held against is long. */
const INPUT_MAX_CHARACTERS = 64 * 1024;
/** For all checks of one program: they hold everybody else up. */
const CHECKS_MS = 1_000;

const Asked = z.strictObject({
  calls: z
    .array(z.strictObject({ id: z.int(), name: z.string(), input: z.record(z.string(), z.unknown()) }))
    .min(1)
    .max(CALLS_MAX),
});

/** See docs/decisions/2026-11-22-programmatic-tool-calling.md. */
export function createToolPrograms(deps: ToolProgramsDeps): ToolPrograms {
  const { containers, inTurn, runIn, createCheck, programsMax, waitMs } = deps;
  const programs = new Map<string, Begun>();

  const keyOf = ({ id, turn }: CodeCall): string => `${turn.workspaceId} ${id}`;

  function setTimer(program: Begun, ms: number, then: () => void): void {
    if (program.timer !== null) clearTimeout(program.timer);
    program.timer = setTimeout(then, ms).unref();
  }

  function forget(key: string, program: Begun): void {
    if (program.timer !== null) clearTimeout(program.timer);
    programs.delete(key);
  }

  /** Until it asks or ends: it runs in its turn, and alone in its container. While it waits others may. */
  async function runOn(
    key: string,
    program: Begun,
    { signal, work }: { readonly signal: AbortSignal; readonly work: (place: ContainerPlace) => void },
  ): Promise<ProgramOutcome> {
    if (program.timer !== null) clearTimeout(program.timer);
    program.asks = Promise.withResolvers();
    // Whoever asked may leave; then nobody wants what it would come to.
    const stop = (): void => program.stop.abort(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    try {
      const outcome = await inTurn(program.workspaceId, signal, () =>
        containers.use(program.container.id, (place) => {
          work(place);
          return Promise.race([program.asks.promise, program.ended.promise]);
        }),
      );
      program.hasEnded = outcome.type === "done";
      if (program.hasEnded) setTimer(program, KEEP_MS, () => forget(key, program));
      else setTimer(program, waitMs, () => void giveUp(key, program));
      return outcome;
    } catch (error) {
      forget(key, program);
      program.stop.abort(error);
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Nobody has answered. The program is told so, as the platform's are, and what it comes to waits for a client that is late. */
  async function giveUp(key: string, program: Begun): Promise<void> {
    program.isLate = true;
    const work = (): void => program.answer([...program.open.values()].map(toTimedOut));
    try {
      await runOn(key, program, { signal: program.stop.signal, work });
      setTimer(program, waitMs, () => forget(key, program));
    } catch {
      // It has been forgotten: who asks for it is told that it took too long.
    }
  }

  function assertRoom(organizationId: string, workspaceId: string): void {
    const alive = [...programs.values()].filter(({ hasEnded }) => !hasEnded);
    const related = alive.filter((program) => program.organizationId === organizationId).length;
    const own = alive.filter((program) => program.workspaceId === workspaceId).length;
    if (alive.length < programsMax.inAll && related < programsMax.ofOrganization && own < programsMax.ofWorkspace) return;
    throw new ServerToolError(
      "too_many_requests",
      `${alive.length} programs that call tools have not ended, ${related} of this organization, ${own} of this workspace`,
    );
  }

  /** What a program asks in one line. Throws for what no program of ours writes. */
  async function hear(program: Begun, checks: Map<string, ReturnType<CreateCheck>>, line: string): Promise<string> {
    const { calls } = Asked.parse(JSON.parse(line));
    if (program.isLate) return toLine(calls.map(({ id, name }) => toTimedOut({ number: id, name })));
    const refused = calls.flatMap(({ id, name, input }): Answer[] => {
      const tool = program.tools.get(name);
      if (tool === undefined) return [{ id, text: `tool_not_allowed: ${name}`, error: "ToolError" }];
      const check = checks.get(name) ?? createCheck(tool.inputSchema);
      checks.set(name, check);
      const problem = checkWithin(program, () => check(input), JSON.stringify(input).length);
      return problem === null ? [] : [{ id, text: `invalid_tool_input: ${problem}`, error: "ToolError" }];
    });
    const asked = calls.filter(({ id }) => refused.every((each) => each.id !== id));
    // What this server runs comes first: the client is asked in a reply that ends with that.
    const groups = [asked.filter(({ name }) => program.own.has(name)), asked.filter(({ name }) => !program.own.has(name))];
    const answers = refused;
    for (const group of groups) if (group.length > 0) answers.push(...(await ask(program, group)));
    return toLine(answers);
  }

  function ask(program: Begun, calls: z.infer<typeof Asked>["calls"]): Promise<readonly Answer[]> {
    const { promise, resolve } = Promise.withResolvers<readonly Answer[]>();
    const told = calls.map(({ id, name, input }) => ({ id: newId("toolu"), name, input, number: id }));
    program.hasSearched ||= calls.some(({ name }) => name === "web_search" && program.own.has(name));
    program.open = new Map(told.map(({ id, number, name }) => [id, { number, name }]));
    program.answer = resolve;
    program.asks.resolve({ type: "calls", calls: told.map(({ id, name, input }) => ({ id, name, input })) });
    return promise;
  }

  return {
    begin(call, { container, organizationId }, own) {
      const { turn, signal } = call;
      assertRoom(organizationId, turn.workspaceId);
      const program: Begun = {
        organizationId,
        workspaceId: turn.workspaceId,
        container,
        tools: new Map((turn.programTools ?? []).map((tool) => [tool.name, tool])),
        own: new Set((turn.serverTools ?? []).map(({ name }) => name)),
        hasSearched: false,
        checksLeftMs: CHECKS_MS,
        stop: new AbortController(),
        ended: Promise.withResolvers(),
        hasEnded: false,
        isLate: false,
        asks: Promise.withResolvers(),
        open: new Map(),
        answer: () => {},
        last: null,
        timer: null,
      };
      // It may end while it waits, with nobody there to see it.
      program.ended.promise.catch(() => {});
      const key = keyOf(call);
      programs.set(key, program);
      const checks = new Map<string, ReturnType<CreateCheck>>();
      const talk = { answer: (line: string) => hear(program, checks, line), waitsMs: WAITS_MS };
      return runOn(key, program, {
        signal,
        work: (place) =>
          void runIn(place, turn, { ...own, talk }, program.stop.signal).then(
            (result) => program.ended.resolve({ type: "done", result, hasSearched: program.hasSearched }),
            (error: unknown) => program.ended.reject(error),
          ),
      });
    },

    async goOn(call, results) {
      const key = keyOf(call);
      const program = programs.get(key);
      const named = call.turn.container?.current?.id;
      // It waited for too long, or with a server that is no more.
      if (program === undefined || (named !== undefined && named !== program.container.id)) {
        throw new ServerToolError("execution_time_exceeded", "no such program waits here");
      }
      await call.container.open(async () => program.container);
      if (program.isLate) return program.ended.promise;
      const ids = results
        .map(({ id }) => id)
        .toSorted()
        .join();
      // The answer to the same results was lost on its way.
      if (program.last?.ids === ids) return program.last.outcome;
      if (ids !== [...program.open.keys()].toSorted().join()) {
        throw new ServerToolError("invalid_tool_input", "the program waits for other results");
      }
      const answers = results.flatMap(({ id, text, isError }): Answer[] => {
        const asked = program.open.get(id);
        return asked === undefined ? [] : [{ id: asked.number, text, error: isError ? "ToolError" : null }];
      });
      const outcome = runOn(key, program, { signal: call.signal, work: () => program.answer(answers) });
      program.last = { ids, outcome };
      return outcome;
    },
  };
}

/** What is wrong with an input. Throws where the program has used up the time that its inputs may take to check. */
function checkWithin(program: Begun, check: () => string | null, characters: number): string | null {
  if (characters > INPUT_MAX_CHARACTERS) return `the input has more than ${INPUT_MAX_CHARACTERS} characters`;
  const beganMs = performance.now();
  try {
    // The one way to end what runs on this thread: also functions of the outside that it calls.
    return runInNewContext("check()", { check }, { timeout: Math.max(1, Math.ceil(program.checksLeftMs)) }) as string | null;
  } finally {
    program.checksLeftMs -= performance.now() - beganMs;
  }
}

/** In the platform's words. */
function toTimedOut({ number, name }: { readonly number: number; readonly name: string }): Answer {
  return { id: number, text: `Calling tool ['${name}'] timed out.`, error: "TimeoutError" };
}

function toLine(results: readonly Answer[]): string {
  return JSON.stringify({ results });
}
