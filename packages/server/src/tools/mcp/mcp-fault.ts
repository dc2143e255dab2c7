/** What went wrong with an MCP server. `message` is ours alone: nothing of what the server sent stands in it. */
export class McpFault extends Error {
  override readonly name = "McpFault";
  readonly kind: McpFaultKind;
  /** What it answered, where that was no success. */
  readonly status: number | null;

  constructor(kind: McpFaultKind, message: string, { cause, status = null }: { cause?: unknown; status?: number | null } = {}) {
    super(message, { cause });
    this.kind = kind;
    this.status = status;
  }
}

export type McpFaultKind =
  /** Not reached, or not by these means. */
  | "connection"
  | "authentication"
  | "timeout"
  /** What it sent is not what was asked, or more than is read. */
  | "answer";
