import { join } from "node:path";
import type { ContainerPlace, Containers } from "../../containers/create-containers.ts";
import { findChanges, readFolderState } from "../../containers/find-changes.ts";
import { placeFile } from "../../containers/place-file.ts";
import type { Files } from "../../files/create-files.ts";
import { createTurnTaker } from "../../platform/take-turns.ts";
import { SKILLS_FOLDER } from "../../prompt/index.ts";
import type { SkillFolders } from "../../skills/create-skill-folders.ts";
import { type Sandbox, type SandboxEnd, type SandboxJob, WORK_PART } from "../../sandbox/sandbox.ts";
import type { ProgramCallResult, Turn } from "../../turn/turn.ts";
import { type ServerToolCall, ServerToolError } from "../server-tool.ts";
import { createToolPrograms, type ProgramOutcome } from "./create-tool-programs.ts";
import { containerOf, openContainer } from "./open-container.ts";
import { storeOutputs } from "./store-outputs.ts";

export interface CodeRunnerDeps {
  /** Null: the operator has turned code off, or this machine has no sandbox. */
  readonly sandbox: Sandbox | null;
  readonly containers: Containers;
  readonly files: Files;
  readonly skillFolders: Pick<SkillFolders, "folderOf">;
  /** Programs at once. */
  readonly concurrency: number;
  /** Makes what checks the input that a program gives to a tool of the client. */
  readonly createCheck: CreateCheck;
  /** For how long a program waits for the client. */
  readonly programWaitMs?: number;
}

/** Of a JSON Schema: null for a value that is valid, else what is wrong with it. */
export type CreateCheck = (schema: Readonly<Record<string, unknown>>) => (value: unknown) => string | null;

/** Works when it is the turn of whose work it is. */
export type InTurn = <Result>(whose: string, signal: AbortSignal, work: () => Promise<Result>) => Promise<Result>;

export interface ProgramResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly returnCode: number;
  /** Files that it made or changed, as the Files API has them. */
  readonly fileIds: readonly string[];
  /** One of them is larger than files for users may be. */
  readonly hasOversizedFile: boolean;
}

export interface Program extends Pick<SandboxJob, "command" | "code" | "stdin" | "keepBytes" | "talk"> {
  /** Whether files that it makes are given to the user. */
  readonly givesFiles: boolean;
}

/** What of a turn running code wants. */
export type CodeTurn = Pick<Turn, "requestId" | "workspaceId" | "container" | "programTools" | "serverTools">;

/** A call of a tool that runs code. */
export interface CodeCall extends Pick<ServerToolCall, "id" | "signal" | "container"> {
  readonly turn: CodeTurn;
}

export interface CodeRunner {
  /** Runs one program in the reply's container; throws `ServerToolError` where it could not be run to its end. */
  run(call: CodeCall, program: Program): Promise<ProgramResult>;
  /** Begins one that calls tools of the client; the same, but for what it waits for. */
  begin(call: CodeCall, program: Program): Promise<ProgramOutcome>;
  /** Goes on with one that waits. */
  goOn(call: CodeCall, results: readonly ProgramCallResult[]): Promise<ProgramOutcome>;
}

/** What a program that was ended is told to have died of. */
const ENDS: Readonly<Record<Exclude<SandboxEnd, "time">, string>> = {
  memory: "The program was ended: it used more memory than it may.",
  disk: "The program was ended: its container's folder holds more than it may, and can hold no program any more. Use a new container.",
  output: "The program was ended: it printed more than anybody reads.",
};
/** Programs that wait for those that run; beyond them a call is told that there are too many. */
const WAITING_MAX = 32;
/** The platform's. */
const PROGRAM_WAIT_MS = 270_000;
/** Programs that wait for clients take memory and no processor: some for each that runs. One organization has half of them. */
const WAIT_FOR_EACH = 4;
const WAIT_OF_ORGANIZATION = 2;

export function createCodeRunner(deps: CodeRunnerDeps): CodeRunner {
  const { sandbox, containers, files, skillFolders, concurrency, createCheck, programWaitMs: waitMs = PROGRAM_WAIT_MS } = deps;
  const turns = createTurnTaker(concurrency);
  let waiting = 0;

  async function inTurn<Result>(whose: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    if (waiting >= WAITING_MAX) throw new ServerToolError("too_many_requests", `${waiting} programs wait`);
    waiting += 1;
    let hasBegun = false;
    try {
      return await turns.take({ whose, signal }, () => {
        hasBegun = true;
        waiting -= 1;
        return work();
      });
    } finally {
      if (!hasBegun) waiting -= 1;
    }
  }

  /** Runs a program in a container that is this call's alone meanwhile; uploads and skills are there before it begins. */
  async function runIn(
    place: ContainerPlace,
    turn: CodeTurn,
    { givesFiles, ...program }: Program,
    signal: AbortSignal,
  ): Promise<ProgramResult> {
    if (sandbox === null) throw new ServerToolError("unavailable", "there is no sandbox");
    const { organizationId, uploads, skills } = containerOf(turn);
    const owner = { organizationId, workspaceId: turn.workspaceId };
    signal.throwIfAborted();
    const workFolder = join(place.folder, WORK_PART);
    for (const file of await files.find(
      owner,
      uploads.map(({ fileId }) => fileId),
    )) {
      const name = uploads.find(({ fileId }) => fileId === file.id)?.name ?? file.filename;
      await placeFile(place, { id: file.id, name, content: files.read(file) }, workFolder);
    }
    const mounts = await Promise.all(
      skills.map(async ({ skillId, versionId, name }) => ({
        hostFolder: await skillFolders.folderOf(owner, { skillId, id: versionId }),
        sandboxPath: `${SKILLS_FOLDER}/${name}`,
      })),
    );
    const before = givesFiles ? await readFolderState(workFolder) : null;
    const ran = await sandbox.run({ ...place, ...program, mounts }, signal);
    if (ran.endedBy === "time") throw new ServerToolError("execution_time_exceeded", "the program took too long");
    const changed = before === null ? [] : await findChanges(workFolder, before);
    const stored = await storeOutputs(changed, { folder: workFolder, owner, files });
    const notes = [...(ran.endedBy === null ? [] : [ENDS[ran.endedBy]]), ...stored.notes];
    return {
      stdout: ran.stdout.text,
      stderr: [ran.stderr.text.trimEnd(), ...notes].filter((each) => each !== "").join("\n"),
      returnCode: ran.exitCode,
      fileIds: stored.fileIds,
      hasOversizedFile: stored.hasOversizedFile,
    };
  }

  const programsMax = {
    ofWorkspace: concurrency,
    ofOrganization: concurrency * WAIT_OF_ORGANIZATION,
    inAll: concurrency * WAIT_FOR_EACH,
  };
  const programs = createToolPrograms({ containers, inTurn, runIn, createCheck, programsMax, waitMs });

  return {
    async run(call, program) {
      const { turn, signal } = call;
      const { id } = await openContainer(call, deps);
      return inTurn(turn.workspaceId, signal, () => containers.use(id, (place) => runIn(place, turn, program, signal)));
    },
    async begin(call, program) {
      const { organizationId } = containerOf(call.turn);
      return programs.begin(call, { container: await openContainer(call, deps), organizationId }, program);
    },
    goOn: (call, results) => programs.goOn(call, results),
  };
}
