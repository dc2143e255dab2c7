import type { ServerToolResultBlock } from "@parley/wire";
import { toServerToolResult } from "../prompt/index.ts";
import { offeredTools } from "../turn/offered-tools.ts";
import type { AssistantBlock, ToolChoice, ToolResultBlock, Turn, TurnMessage, UserBlock } from "../turn/turn.ts";

interface NextTurnOptions {
  /** Opens what search results carry sealed. */
  readonly openSealed: (workspaceId: string, sealed: string) => string | null;
}

/** The turn of the next step: with what the model wrote, and the results of its calls. */
export function nextTurn(
  options: NextTurnOptions,
  step: { turn: Turn; current: Turn; maxTokens: number; written: AssistantBlock[]; results: readonly ServerToolResultBlock[] },
): Turn {
  const { turn, current, maxTokens, written } = step;
  const results = readResults(options, current, step.results);
  const last = current.messages.at(-1);
  const before: readonly TurnMessage[] = last?.role === "assistant" ? current.messages.slice(0, -1) : current.messages;
  const prefill = last?.role === "assistant" ? last.content : [];
  return {
    ...current,
    messages: [...before, { role: "assistant", content: [...prefill, ...written] }, { role: "user", content: results }],
    toolChoice: afterCall(turn.toolChoice),
    maxTokens,
  };
}

/** The turn with what its programs came to, in the places that are kept for it. */
export function withOpenResults(options: NextTurnOptions, turn: Turn, blocks: readonly ServerToolResultBlock[]): Turn {
  const results = new Map(readResults(options, turn, blocks).map((result) => [result.toolUseId, result]));
  const fill = (block: UserBlock): UserBlock => {
    if (block.type !== "tool_result") return block;
    const result = results.get(block.toolUseId);
    return result === undefined ? block : { ...block, isError: result.isError, content: result.content };
  };
  return {
    ...turn,
    messages: turn.messages.map((message) =>
      message.role === "user" ? { ...message, content: message.content.map(fill) } : message,
    ),
    toolChoice: afterCall(turn.toolChoice),
  };
}

/** A call that was forced has been made. */
function afterCall(choice: ToolChoice): ToolChoice {
  return choice.type === "none" ? choice : { type: "auto", parallel: choice.parallel };
}

/** Results as the model reads them. */
function readResults(
  { openSealed }: NextTurnOptions,
  current: Turn,
  blocks: readonly ServerToolResultBlock[],
): ToolResultBlock[] {
  const loaded = new Set(offeredTools(current).map(({ name }) => name));
  const specs = new Map((current.deferredTools ?? []).map((tool) => [tool.name, tool]));
  const places = countCitables(current.messages);
  return blocks.map((block): ToolResultBlock =>
    toServerToolResult(block, [], {
      nextFoundPage: () => places.foundPages++,
      nextDocument: () => places.documents++,
      open: (sealed) => openSealed(current.workspaceId, sealed),
      load(name) {
        const tool = specs.get(name);
        if (tool === undefined || loaded.has(name)) return { type: "text", text: `The tool ${name} is loaded.` };
        loaded.add(name);
        return { type: "tool_definition", tool };
      },
    }),
  );
}

/** How many places are taken, counted as a request that brings the reply back counts them: see `document-reader.ts`. */
function countCitables(messages: readonly TurnMessage[]): { documents: number; foundPages: number } {
  const blocks = messages
    .flatMap(({ role, content }) => (role === "user" ? content : []))
    .flatMap((block) => (block.type === "tool_result" ? block.content : [block]))
    .filter((block) => block.type === "document");
  return {
    documents: blocks.filter(({ source, citable }) => source === null || citable?.unit === "characters").length,
    foundPages: blocks.filter(({ citable }) => citable?.unit === "web-search-page").length,
  };
}
