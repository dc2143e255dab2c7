import { type ContentBlockParam, type PlacedBlock, SERVER_TOOL_RESULTS, type ServerToolResultBlockParam } from "@parley/wire";
import type { AssistantBlock, ToolResultBlock, TurnMessage } from "../turn/turn.ts";

/**
 * One assistant message in which the server answered calls, as the model lived it: what it wrote up to its calls, the
 * results as a message to it, what it wrote then. Calls that stand together before a result were made together.
 */
export function splitServerTools(
  blocks: readonly PlacedBlock[],
  translate: {
    readonly block: (placed: PlacedBlock) => AssistantBlock;
    readonly result: (block: ServerToolResultBlockParam, placed: PlacedBlock) => ToolResultBlock;
  },
): TurnMessage[] {
  const messages: TurnMessage[] = [];
  let written: AssistantBlock[] = [];
  let results: ToolResultBlock[] = [];
  const flush = (): void => {
    messages.push({ role: "assistant", content: written }, { role: "user", content: results });
    written = [];
    results = [];
  };
  for (const placed of blocks) {
    if (isServerToolResult(placed.block)) {
      results.push(translate.result(placed.block, placed));
      continue;
    }
    if (results.length > 0) flush();
    written.push(translate.block(placed));
  }
  flush();
  return messages;
}

export function isServerToolResult(block: ContentBlockParam): block is ServerToolResultBlockParam {
  return (SERVER_TOOL_RESULTS as readonly string[]).includes(block.type);
}
