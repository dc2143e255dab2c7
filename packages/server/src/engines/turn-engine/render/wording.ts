import { documentText } from "../../../turn/document-text.ts";
import { imageText } from "../../../turn/image-text.ts";
import type { Picture, SystemBlock, ToolResultBlock, ToolSpec } from "../../../turn/turn.ts";
import type { Family } from "./detect-family.ts";
import { PYTHON_JSON, sortKeys, toJsonText } from "./json-text.ts";

/** The words for what no chat template has a place for. All are plain text: nothing here becomes a special token. */

/** A tool's result as the model is shown it: one text, but for the pictures within. */
export function toolResultParts(block: ToolResultBlock): readonly (string | Picture)[] {
  return framed(block, block.isError ? "Error: " : "", "");
}

/** A tool result where the template has no place for one. */
export function foldedResultParts(block: ToolResultBlock): readonly (string | Picture)[] {
  return framed(block, `<tool_response>\n${block.isError ? "Error: " : ""}`, "\n</tool_response>");
}

function framed({ content }: ToolResultBlock, open: string, close: string): readonly (string | Picture)[] {
  const parts: (string | Picture)[] = [];
  let text = open;
  let isBegun = false;
  for (const block of content) {
    if (block.type === "image" && block.picture !== undefined) {
      if (text !== "") parts.push(text);
      parts.push(block.picture);
      text = "";
      isBegun = false;
    } else {
      text += (isBegun ? "\n\n" : "") + innerText(block);
      isBegun = true;
    }
  }
  if (text + close !== "" || parts.length === 0) parts.push(text + close);
  return parts;
}

function innerText(block: ToolResultBlock["content"][number]): string {
  switch (block.type) {
    case "text":
      return block.text;
    case "document":
      return documentText(block);
    case "image":
      return imageText(block.ocrText);
    case "tool_definition":
      return loadedToolText(block.tool);
    default:
      throw new TypeError(`no such block: ${JSON.stringify(block satisfies never)}`);
  }
}

/** A tool that comes later than the prompt's own, in the frame in which models see tools in training. */
function loadedToolText(tool: ToolSpec): string {
  const json = toJsonText({ type: "function", function: toolDefinition(tool) }, PYTHON_JSON);
  return `From now on you may call this function, too:\n<tools>\n${json}\n</tools>`;
}

/** A system message in mid-conversation: marked, so that it is not taken for the user's words or for the question. */
export function reminderText(block: SystemBlock): string {
  return `<system-reminder>\n${systemText(block)}\n</system-reminder>`;
}

function systemText(block: SystemBlock): string {
  switch (block.type) {
    case "text":
      return block.text;
    case "tool_definition":
      return loadedToolText(block.tool);
    case "tool_removal":
      return `From now on you may not call the function ${block.name}.`;
    default:
      throw new TypeError(`no such block: ${JSON.stringify(block satisfies never)}`);
  }
}

/** A call where the template has no place for one, as the family's models write it in plain text. */
export function foldedCallText(family: Family, name: string, argumentsJson: string): string {
  const key = family === "llama3" ? "parameters" : "arguments";
  const call = `{"name": ${JSON.stringify(name)}, "${key}": ${argumentsJson}}`;
  if (family === "hermes") return `<tool_call>\n${call}\n</tool_call>`;
  return family === "gemma" ? `\`\`\`json\n${call}\n\`\`\`` : call;
}

/** A tool in the form in which models see tools in training. Key order is fixed; the schema's own order is kept. */
export function toolDefinition(tool: ToolSpec): Readonly<Record<string, unknown>> {
  const examples = tool.inputExamples.map((example) => toJsonText(example, PYTHON_JSON)).join("\n");
  const description = [tool.description ?? "", ...(examples === "" ? [] : [`Examples of its arguments:\n${examples}`])]
    .filter((text) => text !== "")
    .join("\n\n");
  return { name: tool.name, description, parameters: tool.inputSchema };
}

/** The texts of all tools for templates that know none, one a tool; the first and the last carry the frame. */
export function foldedToolTexts(family: Family, tools: readonly ToolSpec[]): string[] {
  const open =
    "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n" +
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n";
  const close =
    "\n</tools>\n\nFor each function call, return a json object with function name and arguments:\n" +
    foldedCallText(family, "FUNCTION", "{}").replace('"FUNCTION"', "<function-name>").replace("{}", "<args-json-object>");
  return tools.map((tool, index) => {
    const json = toJsonText({ type: "function", function: toolDefinition(tool) }, PYTHON_JSON);
    return `${index === 0 ? open : ""}${json}${index === tools.length - 1 ? close : ""}`;
  });
}

export function formatText(schema: Readonly<Record<string, unknown>>): string {
  return `Answer only with JSON that follows this JSON Schema, without any other text:\n${toJsonText(schema, PYTHON_JSON)}`;
}

/**
 * The input of a call with its keys in one order (the schema's, then alphabetical), whatever order a client sends:
 * re-ordered arguments must not change the prompt.
 */
export function orderedInput(
  input: Readonly<Record<string, unknown>>,
  tool: ToolSpec | undefined,
): Readonly<Record<string, unknown>> {
  const properties = tool?.inputSchema["properties"];
  const order = typeof properties === "object" && properties !== null ? Object.keys(properties) : [];
  const rank = (key: string): number => (order.includes(key) ? order.indexOf(key) : order.length);
  return Object.fromEntries(
    Object.entries(input)
      .toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
      .map(([key, value]) => [key, sortKeys(value)]),
  );
}
