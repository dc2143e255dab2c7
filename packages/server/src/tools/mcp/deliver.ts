import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { type JSONRPCMessage, JSONRPCMessageSchema } from "@modelcontextprotocol/sdk/types.js";
import { McpFault } from "./mcp-fault.ts";

/** Hands over what a server wrote: a message, or several in a list. Returns them; throws where it is neither. */
export function deliver(text: string, transport: Transport): readonly JSONRPCMessage[] {
  const messages = parse(text);
  for (const message of messages) transport.onmessage?.(message);
  return messages;
}

function parse(text: string): readonly JSONRPCMessage[] {
  try {
    const json: unknown = JSON.parse(text);
    return (Array.isArray(json) ? json : [json]).map((each: unknown) => JSONRPCMessageSchema.parse(each));
  } catch (cause) {
    throw new McpFault("answer", "sent what is no message of the protocol", { cause });
  }
}
