import { createHash } from "node:crypto";
import type { AssistantBlock, SystemBlock, Turn, TurnMessage, UserBlock } from "../../../turn/turn.ts";
import { sortKeys } from "./json-text.ts";
import type { RenderedPrompt, ReplyContent } from "./rendered-prompt.ts";

/** The same for the same content, whatever the order of keys. */
function hashOf(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(sortKeys(value)))
    .digest("base64url");
}

/** Where a breakpoint stands is no content. Only a block's own mark goes: an input may have a key of that name. */
function unmarked(block: SystemBlock | UserBlock | AssistantBlock): unknown {
  const plain = { ...block, cacheTtl: undefined };
  if (plain.type === "tool_result") return { ...plain, content: plain.content.map(unmarked) };
  return plain.type === "tool_definition" ? { ...plain, tool: { ...plain.tool, cacheTtl: undefined } } : plain;
}

function messageHash({ role, content }: TurnMessage): string {
  return hashOf({ role, content: content.map(unmarked) });
}

export function hashParts(turn: Turn, modelFingerprint: string): RenderedPrompt["partHashes"] {
  return {
    model: hashOf(modelFingerprint),
    // The order of a schema's keys is printed, so it counts.
    tools: createHash("sha256")
      .update(JSON.stringify(turn.tools.map((tool) => ({ ...tool, cacheTtl: undefined }))))
      .digest("base64url"),
    system: hashOf([turn.system.map(unmarked), turn.outputSchema]),
    messages: turn.messages.map(messageHash),
  };
}

/** Names a reply of one workspace and one model by all that a client sends back of it, ids and signatures included. */
export function replayKey(workspaceId: string, modelFingerprint: string, reply: ReplyContent): string {
  return hashOf([workspaceId, modelFingerprint, reply.map(unmarked)]);
}
