import { runInNewContext } from "node:vm";
import { ServerToolError } from "../server-tool.ts";

/** A pattern that a model or a client made up may take for ever; this ends it wherever it stands. */
const MATCH_TIMEOUT_MS = 100;

/** The items whose text the expression matches, in their order. Python's `(?i)` at the beginning is read; case never matters. */
export function matchByRegex<Item>(items: readonly Item[], pattern: string, textOf: (item: Item) => string): Item[] {
  const source = pattern.replace(/^\(\?[a-z]+\)/, "");
  let expression: RegExp;
  try {
    expression = new RegExp(source, "isu");
  } catch (cause) {
    throw new ServerToolError("invalid_tool_input", "the pattern is no regular expression", cause);
  }
  const texts = items.map(textOf);
  try {
    const matches = runInNewContext(
      "texts.map((text) => expression.test(text))",
      { texts, expression },
      { timeout: MATCH_TIMEOUT_MS },
    ) as readonly boolean[];
    return items.filter((_, index) => matches[index]);
  } catch (cause) {
    throw new ServerToolError("execution_time_exceeded", "the pattern took too long", cause);
  }
}
