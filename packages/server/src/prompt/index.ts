export { applyContextEdits } from "./apply-context-edits.ts";
export { fromSummaryOn, toSummaryBlock } from "./compaction.ts";
export { createThinkingSigner, type ThinkingSigner } from "./thinking-signature.ts";
export { toServerCallId, toServerToolResult } from "./server-tool-results.ts";
export { SKILLS_FOLDER } from "./skill-list.ts";
export { mergeMessages } from "./to-messages.ts";
export { assertServed, toTurn } from "./to-turn.ts";
