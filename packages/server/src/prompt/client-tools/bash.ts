import type { ClientTool } from "./client-tool.ts";

export const BASH_TOOL: ClientTool = {
  description:
    "Runs a command in a bash session and returns its output. The session keeps its state (working directory, " +
    "variables, background processes) from one call to the next. Commands cannot be interactive. " +
    "Set `restart` to start a fresh session when the old one hangs.",
  inputSchema: {
    type: "object",
    properties: {
      command: { type: "string", description: "The bash command to run. Required unless `restart` is true." },
      restart: { type: "boolean", description: "True restarts the session instead of running a command." },
    },
    additionalProperties: false,
  },
};
