export { applyContextEdits, type EditedTurn } from "./apply-context-edits.ts";
export { createThinkingSigner, type ThinkingSigner } from "./thinking-signature.ts";
export { toTurn } from "./to-turn.ts";
export type { TurnContext, TurnModel } from "./turn-context.ts";
