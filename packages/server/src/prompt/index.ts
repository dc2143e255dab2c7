export { applyContextEdits } from "./apply-context-edits.ts";
export { createThinkingSigner, type ThinkingSigner } from "./thinking-signature.ts";
export { toServerCallId, toServerToolResult } from "./server-tool-results.ts";
export { toTurn } from "./to-turn.ts";
