import type Anthropic from "@anthropic-ai/sdk";
import { end, type Script, scripted, start, textBlock } from "../../doors/testing/scripted-engine.ts";
import type { TurnEvent } from "../../turn/turn-event.ts";

export type Params = Anthropic.Beta.MessageCreateParamsNonStreaming;

let calls = 0;
/** One step: text, then calls, each with an id of its own. */
export function step(text: string, ...called: readonly (readonly [name: string, input: object])[]): Script {
  const blocks = called.flatMap(([name, input], index): TurnEvent[] => {
    calls += 1;
    const at = index + (text === "" ? 0 : 1);
    return [
      { type: "block-start", index: at, block: { type: "tool_use", id: `toolu_m${calls}`, name } },
      { type: "input-json-delta", index: at, partialJson: JSON.stringify(input) },
      { type: "block-stop", index: at },
    ];
  });
  return scripted([
    start,
    ...(text === "" ? [] : textBlock(0, text)),
    ...blocks,
    end(called.length > 0 ? { stopReason: "tool_use" } : {}),
  ]);
}

/** A request that brings one server, `small`. */
export function mcpParams(url: string, change: Partial<Params> = {}, server: object = {}): Params {
  return {
    model: "claude-haiku-4-5",
    max_tokens: 100,
    messages: [{ role: "user", content: "Echo it." }],
    betas: ["mcp-client-2025-11-20"],
    mcp_servers: [{ type: "url", name: "small", url, ...server }],
    tools: [{ type: "mcp_toolset", mcp_server_name: "small" }],
    ...change,
  };
}

interface Refusal {
  readonly status: number;
  readonly error: { readonly error: { readonly type: string; readonly message: string } };
}

/** The error that a request ends with. */
export async function refusalOf(made: Promise<unknown>): Promise<Refusal> {
  const error = await made.then(
    () => {
      throw new Error("it was not refused");
    },
    (reason: unknown) => reason,
  );
  return error as Refusal;
}
