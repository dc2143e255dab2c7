import { type Gbnf, joinRules, literal } from "../grammar/gbnf.ts";
import { JSON_RULES, anyObjectGbnf } from "../grammar/json-rules.ts";
import type { Family } from "../render/detect-family.ts";
import { thinkingMarkup } from "../render/thinking-markup.ts";
import { readForm } from "./call-form.ts";
import { type CallWriting, FAMILIES } from "./families.ts";
import { createOutputScanner } from "./output-scanner.ts";
import { createTagReader } from "./think-tags.ts";
import type { CompiledTool, ToolSyntax } from "./tool-syntax.ts";

/** The syntax in which a family of models writes tool calls. All of them read the near misses of weak models too. */
export function createToolSyntax(family: Family): ToolSyntax {
  const { writings, readMarkup, ownOpening } = FAMILIES[family];
  const thinking = thinkingMarkup(family);
  /** One whole call, without its first `written` characters. */
  const grammarBehind = (written: number, tools: readonly CompiledTool[]): string => {
    const calls = writings.flatMap((writing) => tools.map((tool) => wholeCall(writing, tool, written)));
    // Without a tool there is no call; an empty alternative keeps the grammar valid.
    const root = calls.length === 0 ? '""' : calls.join(" | ");
    return joinRules(`root ::= ${root}`, JSON_RULES, ...tools.map((tool) => inputOf(tool).rules));
  };
  return {
    name: family,
    thinking,
    callGrammar: (tools) => grammarBehind(0, tools),
    forcedCall(tools) {
      const begun = writings.flatMap((writing) => tools.map(({ spec }) => writing.open + spec.name + writing.middle));
      // With several tools the model has to choose the name, from its first character on.
      const known = begun.length === 1 ? begun : writings.map(({ open }) => open);
      const opening = commonBeginning(known);
      return { opening, grammar: (offered) => grammarBehind(opening.length, offered) };
    },
    restOfCallGrammar(tool, text, opened) {
      const { before, closers } = readForm(opened.form);
      const input = inputOf(tool);
      const begun = text + before;
      const root = [begun === "" ? "" : literal(begun), input.rootRule, closing(closers)].filter((part) => part !== "");
      return joinRules(`root ::= ${root.join(" ")}`, JSON_RULES, input.rules);
    },
    listForm(text) {
      const isOwn = ownOpening !== null && text.trimStart().startsWith(ownOpening);
      return isOwn ? null : { opening: LIST.start + LIST.open, grammar: listGrammar };
    },
    scanner: (tools, { unknownCalls, thoughts } = { unknownCalls: false, thoughts: "text" }) =>
      createOutputScanner(tools, { readMarkup: readMarkup ?? createTagReader(thinking, thoughts), unknownCalls }),
  };
}

/** A list of calls as weak models write one by themselves. */
const LIST = { start: "```json\n[\n  ", open: '{\n    "name": "', between: ",\n  ", close: "\n]\n```" };

function listGrammar(tools: readonly CompiledTool[]): string {
  return joinRules(
    `root ::= l-call ( ${literal(LIST.between + LIST.open)} l-call )* ${literal(LIST.close)}`,
    `l-call ::= ${tools.map((tool) => namedCall(tool)).join(" | ")}`,
    JSON_RULES,
    ...tools.map((tool) => inputOf(tool).rules),
  );
}

function namedCall(tool: CompiledTool): string {
  return `${literal(`${tool.spec.name}",\n    "arguments": `)} ${inputOf(tool).rootRule} ${literal("\n  }")}`;
}

/** Without its first `written` characters, which are part of what stands in front of the input. */
function wholeCall({ open, middle, close }: CallWriting, tool: CompiledTool, written: number): string {
  const begin = (open + tool.spec.name + middle).slice(written);
  const parts = [begin === "" ? "" : literal(begin), inputOf(tool).rootRule, close === "" ? "" : literal(close)];
  return parts.filter((part) => part !== "").join(" ");
}

function commonBeginning(texts: readonly string[]): string {
  const [first = "", ...others] = texts;
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}

function inputOf(tool: CompiledTool): Gbnf {
  return tool.grammar ?? anyObjectGbnf;
}

/** Closers as GBNF. In an array the model itself says whether a further call follows. */
function closing(closers: readonly string[]): string {
  const [first, ...rest] = closers;
  if (first === undefined) return "";
  const after = closing(rest);
  if (first === "]") return `j-ws ( "," | "]" ${after} )`;
  const here = first === "}" ? `j-ws "}"` : literal(first);
  return after === "" ? here : `${here} ${after}`;
}
