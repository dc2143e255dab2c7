import { type Gbnf, joinRules, literal } from "../grammar/gbnf.ts";
import { JSON_RULES, anyObjectGbnf } from "../grammar/json-rules.ts";
import type { Family } from "../render/detect-family.ts";
import { readForm } from "./call-form.ts";
import { type CallWriting, FAMILIES } from "./families.ts";
import { createOutputScanner } from "./output-scanner.ts";
import type { CompiledTool, ToolSyntax } from "./tool-syntax.ts";

/** The syntax in which a family of models writes tool calls. All of them read the near misses of weak models too. */
export function createToolSyntax(family: Family): ToolSyntax {
  const { writings, callOpening, readMarkup, ownOpening } = FAMILIES[family];
  return {
    name: family,
    callOpening,
    callGrammar(tools) {
      const calls = writings.flatMap((writing) => tools.map((tool) => wholeCall(writing, tool)));
      // Without a tool there is no call; an empty alternative keeps the grammar valid.
      const root = calls.length === 0 ? '""' : calls.join(" | ");
      return joinRules(`root ::= ${root}`, JSON_RULES, ...tools.map((tool) => inputOf(tool).rules));
    },
    forcedCall(tools) {
      const begun = writings.flatMap((writing) => tools.map(({ spec }) => writing.open + spec.name + writing.middle));
      // With several tools the model has to choose the name, from its first character on.
      const known = begun.length === 1 ? begun : writings.map(({ open }) => open);
      const opening = commonBeginning(known);
      const calls = writings.flatMap((writing) => tools.map((tool) => wholeCall(writing, tool, opening.length)));
      const rules = tools.map((tool) => inputOf(tool).rules);
      return { opening, grammar: joinRules(`root ::= ${calls.join(" | ")}`, JSON_RULES, ...rules) };
    },
    restOfCallGrammar(tool, text, opened) {
      const { before, closers } = readForm(opened.form);
      const input = inputOf(tool);
      const begun = text + before;
      const root = [begun === "" ? "" : literal(begun), input.rootRule, closing(closers)].filter((part) => part !== "");
      return joinRules(`root ::= ${root.join(" ")}`, JSON_RULES, input.rules);
    },
    listForm(tools, text) {
      if (ownOpening !== null && text.trimStart().startsWith(ownOpening)) return null;
      const alternatives = tools.map((tool) => namedCall(tool)).join(" | ");
      const grammar = joinRules(
        `root ::= l-call ( ${literal(LIST.between + LIST.open)} l-call )* ${literal(LIST.close)}`,
        `l-call ::= ${alternatives}`,
        JSON_RULES,
        ...tools.map((tool) => inputOf(tool).rules),
      );
      return { opening: LIST.start + LIST.open, grammar };
    },
    scanner: (tools, options) => createOutputScanner(tools, { readMarkup, unknownCalls: options?.unknownCalls ?? false }),
  };
}

/** A list of calls as weak models write one by themselves. */
const LIST = { start: "```json\n[\n  ", open: '{\n    "name": "', between: ",\n  ", close: "\n]\n```" };

function namedCall(tool: CompiledTool): string {
  return `${literal(`${tool.spec.name}",\n    "arguments": `)} ${inputOf(tool).rootRule} ${literal("\n  }")}`;
}

/** Without its first `written` characters, which are part of what stands in front of the input. */
function wholeCall({ open, middle, close }: CallWriting, tool: CompiledTool, written = 0): string {
  const begin = (open + tool.spec.name + middle).slice(written);
  const parts = [begin, close].map((text) => (text === "" ? "" : literal(text)));
  return [parts[0], inputOf(tool).rootRule, parts[1]].filter((part) => part !== "").join(" ");
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
