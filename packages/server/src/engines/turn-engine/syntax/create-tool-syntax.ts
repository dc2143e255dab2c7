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

function wholeCall({ open, middle, close }: CallWriting, tool: CompiledTool): string {
  const parts = [literal(open + tool.spec.name + middle), inputOf(tool).rootRule];
  return (close === "" ? parts : [...parts, literal(close)]).join(" ");
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
