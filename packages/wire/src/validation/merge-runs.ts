import type { ContentBlockParam, TextBlockParam } from "../messages/content-block-param.ts";
import type { MessageParam } from "../messages/create-request.ts";

/** A block with its place in the request, for error paths. */
export interface PlacedBlock {
  readonly block: ContentBlockParam;
  readonly message: number;
  /** Null where the message's content was a string. */
  readonly index: number | null;
}

/** Consecutive user or assistant messages, which the platform reads as one. A system message is a run of its own. */
export interface Run {
  readonly role: MessageParam["role"];
  readonly blocks: readonly PlacedBlock[];
  readonly lastMessage: number;
}

/** A string is one text block; the empty string is none. */
export function blocksOf(message: MessageParam, at: number): PlacedBlock[] {
  const { content } = message;
  if (content === undefined || content === "") return [];
  if (typeof content === "string") {
    const block: TextBlockParam = { type: "text", text: content };
    return [{ block, message: at, index: null }];
  }
  // A system message's own kinds of block (tool changes) are no content blocks; the rules on runs do not read them.
  return content.map((block, index) => ({ block: block as ContentBlockParam, message: at, index }));
}

export function mergeRuns(messages: readonly MessageParam[]): Run[] {
  const runs: { role: Run["role"]; blocks: PlacedBlock[]; lastMessage: number }[] = [];
  for (const [at, message] of messages.entries()) {
    const blocks = blocksOf(message, at);
    const last = runs.at(-1);
    if (last && last.role === message.role && message.role !== "system") {
      for (const block of blocks) last.blocks.push(block);
      last.lastMessage = at;
    } else {
      runs.push({ role: message.role, blocks, lastMessage: at });
    }
  }
  return runs;
}
