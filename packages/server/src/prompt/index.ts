export { applyContextEdits } from "./apply-context-edits.ts";
export { createThinkingSigner, type ThinkingSigner } from "./thinking-signature.ts";
export { toTurn } from "./to-turn.ts";
