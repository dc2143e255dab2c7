import { type CallForm } from "./call-form.ts";
import { Reader } from "./reader.ts";
import type { CompiledTool } from "./tool-syntax.ts";

export type Opening =
  /** Not the beginning of a call, whatever follows. */
  | { readonly kind: "no" }
  /** More text decides. */
  | { readonly kind: "more" }
  /** A call: its input's first character is at `inputStart`, counted from the reader's start. */
  | { readonly kind: "open"; readonly tool: CompiledTool; readonly inputStart: number; readonly form: CallForm }
  /** A call, from its name and its input on, to a tool that was not declared. */
  | { readonly kind: "unknown" };

export type ToolsByName = ReadonlyMap<string, CompiledTool>;

type Found = Extract<Opening, { kind: "open" }>;

const NAME_KEYS = ["name", "tool", "tool_name", "function_name"];
const INPUT_KEYS = ["arguments", "parameters", "input", "args", "tool_input", "params", "kwargs"];
const META_KEYS = ["id", "index", "call_id", "tool_call_id", "tool_use_id"];
const NESTING_KEYS = ["tool_call", "function_call", "tool_calls", "calls"];
const KEYS = [...NAME_KEYS, ...INPUT_KEYS, ...META_KEYS, ...NESTING_KEYS, "type", "function"];
const TYPES = ["function", "tool_call", "tool_use", "function_call", "tool"];

/** Tags around a call, of any family, with what closes them. A model that has one syntax may fall into another. */
const TAGS: ReadonlyMap<string, string> = new Map([
  ["<tool_call>", "\n</tool_call>"],
  ["<tool_calls>", "\n</tool_calls>"],
  ["<tools>", "\n</tools>"],
  ["<tool>", "\n</tool>"],
  ["<tool_use>", "\n</tool_use>"],
  ["<function_call>", "\n</function_call>"],
  ["<functioncall>", "\n</functioncall>"],
  ["<|tool_call|>", ""],
  ["<|python_tag|>", ""],
  ["<start_function_call>", "<end_function_call>"],
]);

/** Closing tags that are dropped behind a call even where nothing opened them. */
export const CLOSING_TAGS: readonly string[] = [
  ...[...TAGS.values()].filter((close) => close !== "").map((close) => close.trim()),
  "</function>",
];

export const DEEPSEEK_CALLS_BEGIN = "<｜tool▁calls▁begin｜>";
export const DEEPSEEK_CALL_BEGIN = "<｜tool▁call▁begin｜>";
export const DEEPSEEK_SEPARATOR = "<｜tool▁sep｜>";
export const DEEPSEEK_CALL_END = "<｜tool▁call▁end｜>";
export const DEEPSEEK_CALLS_END = "<｜tool▁calls▁end｜>";

/** Reads the opening of a call in any syntax, from its outermost fence or tag on. */
export function readOpening(text: string, tools: ToolsByName): Opening {
  const reader = new Reader(text);
  const found = wrapped(reader, tools, []);
  return found === null && reader.unknownCall ? { kind: "unknown" } : outcome(reader, found);
}

/** Reads a further call of an array, behind the comma. */
export function readNextElement(text: string, tools: ToolsByName, closers: readonly string[]): Opening {
  const reader = new Reader(text);
  reader.space();
  return outcome(reader, reader.peek() === "{" ? callObject(reader, tools, closers, true) : null);
}

function outcome(reader: Reader, found: Found | null): Opening {
  if (found !== null) return found;
  return { kind: reader.short ? "more" : "no" };
}

/** `closers` are those of what has been opened around, innermost first. */
function wrapped(reader: Reader, tools: ToolsByName, closers: readonly string[]): Found | null {
  if (closers.length > 4) return null;
  if (closers.length > 0) reader.space();
  const next = reader.peek();
  switch (next) {
    case "{":
      return callObject(reader, tools, closers, closers.length > 0);
    case "[":
      return bracketed(reader, tools, closers);
    case "<":
      return tagged(reader, tools, closers);
    case "`":
      return fenced(reader, tools, closers);
    default:
      return null;
  }
}

function fenced(reader: Reader, tools: ToolsByName, closers: readonly string[]): Found | null {
  const ticks = reader.run((character) => character === "`", 8);
  if (ticks === null) return null;
  if (ticks.length === 1) return reader.peek() === "{" ? callObject(reader, tools, ["`", ...closers], false) : null;
  if (ticks.length < 3) return null;
  const info = reader.run((character) => /[\w-]/u.test(character), 24);
  if (info === null) return null;
  const inner = [`\n${ticks}`, ...closers];
  reader.space();
  return info === "tool_code" && !/^[{[<`]/u.test(reader.peek() ?? "{")
    ? named(reader, tools, "(", [")", ...inner])
    : wrapped(reader, tools, inner);
}

function tagged(reader: Reader, tools: ToolsByName, closers: readonly string[]): Found | null {
  const start = reader.at;
  if (reader.literal("<function=")) return named(reader, tools, ">", ["</function>", ...closers]);
  const tag = reader.oneOf(TAGS.keys());
  if (tag !== null)
    return wrapped(
      reader,
      tools,
      [TAGS.get(tag) ?? "", ...closers].filter((close) => close !== ""),
    );
  reader.at = start;
  return deepseek(reader, tools) ?? harmony(reader, tools);
}

function bracketed(reader: Reader, tools: ToolsByName, closers: readonly string[]): Found | null {
  if (reader.literal("[TOOL_CALLS]")) return mistral(reader, tools);
  reader.at += 1;
  reader.space();
  return reader.peek() === "{" ? callObject(reader, tools, ["]", ...closers], closers.length > 0) : null;
}

function mistral(reader: Reader, tools: ToolsByName): Found | null {
  reader.space();
  const next = reader.peek();
  if (next === "[" || next === "{") return wrapped(reader, tools, []);
  const tool = toolName(reader, tools);
  if (tool === null) return null;
  const start = reader.at;
  if (!reader.literal("[CALL_ID]")) reader.at = start;
  else if (reader.run((character) => /\w/u.test(character), 64) === null) return null;
  if (reader.peek() === "[" && !reader.literal("[ARGS]")) return null;
  return atInput(reader, tool, []);
}

function deepseek(reader: Reader, tools: ToolsByName): Found | null {
  const start = reader.at;
  const many = reader.literal(DEEPSEEK_CALLS_BEGIN);
  reader.space();
  if (!reader.literal(DEEPSEEK_CALL_BEGIN)) {
    reader.at = start;
    return null;
  }
  const closers = [DEEPSEEK_CALL_END, ...(many ? [DEEPSEEK_CALLS_END] : [])];
  const fencedForm = reader.literal(`function${DEEPSEEK_SEPARATOR}`);
  const tool = toolName(reader, tools);
  if (tool === null) return null;
  if (!fencedForm) return reader.literal(DEEPSEEK_SEPARATOR) ? atInput(reader, tool, closers) : null;
  reader.space();
  if (reader.peek() === "{") return atInput(reader, tool, closers);
  return reader.literal("```json") ? atInput(reader, tool, ["\n```", ...closers]) : null;
}

function harmony(reader: Reader, tools: ToolsByName): Found | null {
  const recipient = (): CompiledTool | null => {
    const start = reader.at;
    if (reader.literal(" to=")) return toolName(reader, tools);
    reader.at = start;
    return null;
  };
  reader.literal("<|start|>assistant");
  const early = recipient();
  if (!reader.literal("<|channel|>")) return null;
  if (reader.oneOf(["commentary", "analysis", "final"]) === null) return null;
  const tool = early ?? recipient();
  if (tool === null) return null;
  reader.space();
  reader.literal("<|constrain|>");
  reader.literal("json");
  return reader.literal("<|message|>") ? atInput(reader, tool, []) : null;
}

/** A tool's name and `opener` in front of the input. */
function named(reader: Reader, tools: ToolsByName, opener: string, closers: readonly string[]): Found | null {
  const tool = toolName(reader, tools);
  return tool !== null && reader.literal(opener) ? atInput(reader, tool, closers) : null;
}

/** The input is whatever comes next that is not white space. */
function atInput(reader: Reader, tool: CompiledTool, closers: readonly string[], before = ""): Found | null {
  reader.space();
  if (reader.peek() === null) return null;
  return { kind: "open", tool, inputStart: reader.at, form: { before, closers } };
}

/** One name may begin with another, so a bare name is complete only when something else follows it. */
function toolName(reader: Reader, tools: ToolsByName): CompiledTool | null {
  reader.oneOf(["functions."]);
  const name = reader.longestOf(tools.keys());
  return name === null ? null : (tools.get(name) ?? null);
}

/** `sure`: a tag, a fence or an array is around it, so that even a call without its input is one. */
function callObject(reader: Reader, tools: ToolsByName, outer: readonly string[], sure: boolean): Found | null {
  reader.at += 1;
  const closers = ["}", ...outer];
  reader.space();
  // Some templates show the format with doubled braces, and models copy that.
  if (reader.peek() === "{") return closers.length > 4 ? null : callObject(reader, tools, closers, sure);
  let tool: CompiledTool | null = null;
  let inputStart = -1;
  for (;;) {
    reader.space();
    const key = reader.stringAmong(KEYS);
    if (key === null) return null;
    reader.space();
    if (!reader.literal(":")) return null;
    reader.space();
    const next = reader.peek();
    if (next === null) return null;
    if (NESTING_KEYS.includes(key) || (key === "function" && next === "{")) {
      return tool === null ? nested(reader, tools, closers) : null;
    }
    if (NAME_KEYS.includes(key) || key === "function") {
      tool ??= toolString(reader, tools);
      if (tool === null) {
        reader.unknownCall = key === "name" && !reader.short && inputStart < 0 && unknownCall(reader);
        return null;
      }
      if (inputStart >= 0) {
        return { kind: "open", tool, inputStart, form: { before: "", closers: nameBehind(tool, closers) } };
      }
    } else if (INPUT_KEYS.includes(key)) {
      if (tool !== null) return atInput(reader, tool, closers);
      inputStart = reader.at;
      if (!reader.value()) return null;
    } else if (key === "type") {
      if (reader.stringAmong(TYPES) === null) return null;
    } else if (!reader.scalar()) {
      return null;
    }
    reader.space();
    if (reader.peek() === "}") return tool === null ? null : withoutInput(reader, tool, closers, sure);
    if (!reader.literal(",")) return null;
  }
}

function nested(reader: Reader, tools: ToolsByName, closers: readonly string[]): Found | null {
  let inner = closers;
  if (reader.peek() === "[") {
    reader.at += 1;
    reader.space();
    inner = ["]", ...closers];
  }
  return reader.peek() === "{" && inner.length <= 6 ? callObject(reader, tools, inner, true) : null;
}

function toolString(reader: Reader, tools: ToolsByName): CompiledTool | null {
  const names = [...tools.keys()];
  const name = reader.stringAmong([...names, ...names.map((plain) => `functions.${plain}`)]);
  if (name === null) return null;
  return tools.get(name) ?? tools.get(name.slice("functions.".length)) ?? null;
}

/** Behind `{"name": `: some other name, and then an input. An object with any other second key is no call. */
function unknownCall(reader: Reader): boolean {
  if (!reader.scalar()) return false;
  reader.space();
  if (!reader.literal(",")) return false;
  reader.space();
  if (reader.stringAmong(["arguments", "parameters"]) === null) return false;
  reader.space();
  if (!reader.literal(":")) return false;
  reader.space();
  return reader.peek() === "{";
}

function nameBehind(tool: CompiledTool, closers: readonly string[]): readonly string[] {
  return [`, "name": ${JSON.stringify(tool.spec.name)}`, ...closers];
}

/** `{"name": "x"}`: a call where the tool needs no input, and inside a tag or fence; a constrained decode adds it. */
function withoutInput(reader: Reader, tool: CompiledTool, closers: readonly string[], sure: boolean): Found | null {
  if (!sure && tool.validate({}) !== null) return null;
  return { kind: "open", tool, inputStart: reader.at, form: { before: ', "arguments": ', closers } };
}
