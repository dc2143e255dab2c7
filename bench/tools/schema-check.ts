import { Ajv } from "ajv";
import type { ToolDefinition } from "./cases.ts";
import type { MadeCall } from "./score.ts";

/** Null when there is at least one call and each names a declared tool with a valid input; else what is wrong. */
export function callsAreValid(tools: readonly ToolDefinition[], calls: readonly MadeCall[]): string | null {
  if (calls.length === 0) return "no call";
  for (const call of calls) {
    const tool = tools.find((one) => one.name === call.name);
    if (tool === undefined) return `${call.name} is not declared`;
    // Not strict: the data's schemas carry unknown keywords and defaults of another type.
    const ajv = new Ajv({ strict: false, allErrors: false });
    if (!ajv.validate({ ...tool.schema }, call.input)) return `${call.name}: ${ajv.errorsText()}`;
  }
  return null;
}
