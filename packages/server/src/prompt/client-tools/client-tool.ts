/** An Anthropic-defined tool that the client runs. Open weights were not trained on it, so they are told what it is. */
export interface ClientTool {
  readonly description: string;
  /** JSON Schema of type object. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
}
