import type { ServerToolName, ServerToolParam, ServerToolResultBlock } from "@parley/wire";
import type { ContainerReference, ProgramCallResult, Turn } from "../turn/turn.ts";

/** One call that a model made of a tool that this server runs. */
export interface ServerToolCall<Definition extends ServerToolParam = ServerToolParam> {
  readonly id: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** The tool as the request defines it. */
  readonly definition: Definition;
  /** The conversation up to the call. */
  readonly turn: Turn;
  readonly signal: AbortSignal;
  readonly container: ReplyContainer;
}

/** One call that a program made of a tool of the client. */
export interface ProgramCall {
  readonly id: string;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** In place of a result: the program goes on when the client has answered these. */
export interface ProgramCalls {
  readonly type: "program_calls";
  readonly calls: readonly ProgramCall[];
}

/** The one container of a reply. */
export interface ReplyContainer {
  /** The first call that needs one makes it; the others, and those beside it, get the same. */
  open(make: () => Promise<ContainerReference>): Promise<ContainerReference>;
  /** Undefined: no call has needed one. */
  current(): ContainerReference | undefined;
}

/** A tool that this server runs. Throws `ServerToolError` for what the model is told; anything else is told as `unavailable`. */
export interface ServerTool<Definition extends ServerToolParam = ServerToolParam> {
  /** The loop finds a tool by the name in its definition, so each gets definitions of its own kind only. */
  run(call: ServerToolCall<Definition>): Promise<ServerToolResultBlock | ProgramCalls>;
  /** Goes on with a program that waits for these results. Absent where a tool has no programs that call others. */
  goOn?(call: ServerToolCall<Definition>, results: readonly ProgramCallResult[]): Promise<ServerToolResultBlock | ProgramCalls>;
  /** The result that says what went wrong. */
  error(id: string, code: ServerToolErrorCode): ServerToolResultBlock;
  /** What a call that brought something counts as in `usage.server_tool_use`. */
  readonly counts: "web-search" | "web-fetch" | null;
  /** How long one call may take; absent where it is what every tool has. */
  readonly timeoutMs?: number;
}

/** The codes that every tool has; a tool's own are in its type on the wire. */
export type ServerToolErrorCode =
  | "invalid_tool_input"
  | "unavailable"
  | "too_many_requests"
  | "max_uses_exceeded"
  | (string & {});

/** Which tools this server runs. */
export type ServerTools = Readonly<Record<ServerToolName, ServerTool>>;

/** A call that failed, in the words of the platform. `message` is for the log. */
export class ServerToolError extends Error {
  override readonly name = "ServerToolError";
  readonly code: ServerToolErrorCode;

  constructor(code: ServerToolErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
