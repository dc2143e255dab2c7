import type { CountTokensRequest } from "@parley/wire";
import { refusal } from "./refuse.ts";
import { isCalledFromCode, isWebTool } from "./server-tools.ts";

/**
 * Throws `invalid_request_error` for what a message can do and a request of a batch cannot: a program waits minutes for a tool that the
 * client runs, and a batch's client sees the call when all of it has ended.
 */
export function assertServedInBatch({ tools = [] }: Pick<CountTokensRequest, "tools">): void {
  const at = tools.findIndex((tool) => isCalledFromCode(tool) && !isWebTool(tool.type ?? "custom"));
  if (at < 0) return;
  throw refusal({
    path: ["tools", at, tools[at]?.type ?? "custom", "allowed_callers"],
    text: "a program cannot wait for a tool of the client in a batch",
  });
}
