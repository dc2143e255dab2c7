export { applyContextEdits } from "./apply-context-edits.ts";
export { createThinkingSigner, type ThinkingSigner } from "./thinking-signature.ts";
export { type ServerResultReader, toServerCallId, toServerToolResult } from "./server-tool-results.ts";
export { toTurn } from "./to-turn.ts";
