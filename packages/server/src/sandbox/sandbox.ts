/** Runs programs of others so that they reach nothing but what they are given. See docs/decisions/2026-11-22-sandbox.md. */
export interface Sandbox {
  /** Never rejects for what the program does; rejects with the signal's reason, and where no sandbox can be started. */
  run(job: SandboxJob, signal: AbortSignal): Promise<SandboxOutcome>;
}

export interface SandboxJob {
  /** The container's folder on this machine; one program at a time runs in it, beside those that wait for an answer. */
  readonly folder: string;
  /** In place of a login: programs of different containers are different users where the server may make them so. */
  readonly userId: number;
  /** The program and its arguments, by their paths in the sandbox. */
  readonly command: readonly string[];
  /** Files that the program can read under `CODE_FOLDER`, by name. */
  readonly code?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Of each of its two streams, the beginning and the end; a usual program's where this is absent. */
  readonly keepBytes?: number;
  readonly talk?: SandboxTalk;
  readonly mounts?: readonly ReadOnlyMount[];
}

/** What a program may ask while it runs: each line that it writes to `TALK_FD` gets one back. Its time and all its processes stand still meanwhile. */
export interface SandboxTalk {
  answer(line: string): Promise<string>;
  /** Of all waiting together; then its time is over. */
  readonly waitsMs: number;
}

/** A folder of this machine that a program may read. */
export interface ReadOnlyMount {
  readonly hostFolder: string;
  /** Absolute; not below the container's own folder. */
  readonly sandboxPath: string;
}

export interface SandboxOutcome {
  /** 128 and the signal's number where a signal ended it. */
  readonly exitCode: number;
  readonly stdout: SandboxText;
  readonly stderr: SandboxText;
  /** Why it was ended, where it did not end by itself. */
  readonly endedBy: SandboxEnd | null;
}

export type SandboxEnd = "time" | "memory" | "disk" | "output";

/** The beginning and the end of what a program wrote. */
export interface SandboxText {
  readonly text: string;
  /** Bytes between the two that nobody kept. */
  readonly droppedBytes: number;
}

export interface SandboxLimits {
  readonly timeoutMs: number;
  /** Of all its processes together. */
  readonly memoryBytes: number;
  readonly processes: number;
  /** Of the container's folder. */
  readonly diskBytes: number;
  readonly diskEntries: number;
}

/** The writable folder, where programs start; the container's own part of the sandbox. */
export const WORK_FOLDER = "/mnt/user-data";
/** What one run is given to read. */
export const CODE_FOLDER = "/mnt/code";
/** The descriptor over which a program talks, where its job lets it. */
export const TALK_FD = 5;
/** The prepared Python environment. */
export const PYTHON_FOLDER = "/opt/python";
/** In a container's folder on this machine: what stands at `WORK_FOLDER`, and what at the user's home. */
export const WORK_PART = "work";
export const HOME_PART = "home";
