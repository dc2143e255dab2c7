import { createHash } from "node:crypto";
import type { Turn } from "../../../turn/turn.ts";
import { sortKeys } from "./json-text.ts";
import type { RenderedPrompt, ReplyContent } from "./rendered-prompt.ts";

/** The same for the same content, whatever the order of keys; where a breakpoint stands is no content. */
function hashOf(value: unknown): string {
  const text = JSON.stringify(sortKeys(value), (key, item: unknown) => (key === "cacheTtl" ? undefined : item));
  return createHash("sha256").update(text).digest("base64url");
}

export function hashParts(turn: Turn, modelFingerprint: string): RenderedPrompt["partHashes"] {
  return {
    model: hashOf(modelFingerprint),
    // The order of a schema's keys is printed, so it counts.
    tools: createHash("sha256")
      .update(JSON.stringify(turn.tools.map((tool) => ({ ...tool, cacheTtl: undefined }))))
      .digest("base64url"),
    system: hashOf([turn.system, turn.outputSchema]),
    messages: turn.messages.map(hashOf),
  };
}

/** Names a reply of one workspace and one model by all that a client sends back of it, ids and signatures included. */
export function replayKey(workspaceId: string, modelFingerprint: string, reply: ReplyContent): string {
  return hashOf([workspaceId, modelFingerprint, reply]);
}
