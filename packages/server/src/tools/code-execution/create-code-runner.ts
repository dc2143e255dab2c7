import { join } from "node:path";
import type { Containers } from "../../containers/create-containers.ts";
import { findChanges, readFolderState } from "../../containers/find-changes.ts";
import { placeFile } from "../../containers/place-file.ts";
import type { Files } from "../../files/create-files.ts";
import { createTurnTaker } from "../../platform/take-turns.ts";
import { SKILLS_FOLDER } from "../../prompt/index.ts";
import type { SkillFolders } from "../../skills/create-skill-folders.ts";
import { type Sandbox, type SandboxEnd, type SandboxJob, WORK_PART } from "../../sandbox/sandbox.ts";
import type { Turn } from "../../turn/turn.ts";
import { type ServerToolCall, ServerToolError } from "../server-tool.ts";
import { storeOutputs } from "./store-outputs.ts";

export interface CodeRunnerDeps {
  /** Null: the operator has turned code off, or this machine has no sandbox. */
  readonly sandbox: Sandbox | null;
  readonly containers: Containers;
  readonly files: Files;
  readonly skillFolders: Pick<SkillFolders, "folderOf">;
  /** Of one program. */
  readonly timeoutMs: number;
  /** Programs at once. */
  readonly concurrency: number;
}

export interface ProgramResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly returnCode: number;
  /** Files that it made or changed, as the Files API has them. */
  readonly fileIds: readonly string[];
  /** One of them is larger than files for users may be. */
  readonly hasOversizedFile: boolean;
}

export interface Program extends Pick<SandboxJob, "command" | "code" | "stdin" | "keepBytes"> {
  /** Whether files that it makes are given to the user. */
  readonly givesFiles: boolean;
}

export interface CodeRunner {
  /** Runs one program in the reply's container; throws `ServerToolError` where it could not be run to its end. */
  run(call: ServerToolCall, program: Program): Promise<ProgramResult>;
}

/** What a program that was ended is told to have died of. */
const ENDS: Readonly<Record<Exclude<SandboxEnd, "time">, string>> = {
  memory: "The program was ended: it used more memory than it may.",
  disk: "The program was ended: its container's folder holds more than it may, and can hold no program any more. Use a new container.",
  output: "The program was ended: it printed more than anybody reads.",
};
/** Programs that wait for those that run; beyond them a call is told that there are too many. */
const WAITING_MAX = 32;

export function createCodeRunner({ sandbox, containers, files, skillFolders, concurrency }: CodeRunnerDeps): CodeRunner {
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

  return {
    async run({ turn, container, signal }, { givesFiles, ...program }) {
      if (sandbox === null) throw new ServerToolError("unavailable", "there is no sandbox");
      const { organizationId, current, uploads, skills } = turn.container ?? notOfATurn(turn);
      const owner = { organizationId, workspaceId: turn.workspaceId };
      const { id } = await container.open(async () => {
        if (current !== null) return current;
        const made = await containers.create(owner);
        return { id: made.id, expiresAtMs: made.expiresAt.getTime() };
      });
      return inTurn(turn.workspaceId, signal, () =>
        containers.use(id, async (place) => {
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
        }),
      );
    },
  };
}

function notOfATurn(turn: Turn): never {
  throw new Error(`a turn without containers calls code: ${turn.requestId}`);
}
