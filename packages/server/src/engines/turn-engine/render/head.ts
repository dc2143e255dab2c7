import { createSizedCache } from "../../../platform/sized-cache.ts";
import type { ToolSpec } from "../../../turn/turn.ts";
import type { ChatTemplate } from "./chat-template.ts";
import { toJsonText } from "./json-text.ts";
import { contentOf } from "./mini-conversation.ts";
import { createSlots, type Slots } from "./placeholders.ts";
import type { TemplateProfile } from "./template-profile.ts";
import { toolDefinition } from "./wording.ts";

/** A run of what stands in front of the first question. */
export type HeadRun =
  /** `tools`: indices of the tools that it is made of; `special`: whether spellings of special tokens are such tokens. */
  | { readonly kind: "text"; readonly text: string; readonly special: boolean; readonly tools: readonly number[] }
  /** The system text goes here. */
  | { readonly kind: "system" };

export interface Head {
  readonly runs: readonly HeadRun[];
  /** Other text stands in front of the tools because there is a system text: then they stand and fall together. */
  readonly toolsDependOnSystem: boolean;
}

/** What was read once is remembered for each workspace apart: the time that a reply takes must not tell of another's tools. */
export type ReadHead = (workspaceId: string, tools: readonly ToolSpec[], hasSystem: boolean) => Head | null;

/** Reads the head of a conversation off the template: with its tools, and with a slot for the system text. */
export function createHeadReader(
  template: ChatTemplate,
  profile: Pick<TemplateProfile, "form" | "tools">,
  specialSpellings: readonly string[],
): ReadHead {
  const read: ReadRuns = (tools, hasSystem) => {
    if (tools.length === 0 || profile.tools.kind === "folded")
      return tools.length === 0 ? plainHead(template, profile, hasSystem) : null;
    return profile.tools.kind === "whole"
      ? wholeHead(template, profile, profile.tools, tools, hasSystem)
      : opaqueHead(template, profile, specialSpellings, tools, hasSystem);
  };
  const readOnce = (tools: readonly ToolSpec[], hasSystem: boolean): Head | null => {
    const runs = read(tools, hasSystem);
    if (runs === null) return null;
    if (tools.length === 0 || !hasSystem) return { runs, toolsDependOnSystem: false };
    const other = read(tools, false);
    return { runs, toolsDependOnSystem: other !== null && untilLastTool(runs) !== untilLastTool(other) };
  };
  const heads = createSizedCache<Head | null>({ maxWeight: KEPT_CHARACTERS, weigh: (_head, key) => key.length });
  return (workspaceId, tools, hasSystem) => {
    const key = `${workspaceId} ${hasSystem} ${JSON.stringify(tools)}`;
    const known = heads.get(key);
    if (known !== undefined) return known;
    const head = readOnce(tools, hasSystem);
    heads.set(key, head);
    return head;
  };
}

/** Conversations in progress use a few sets of tools, each for many turns. Claude Code's has 80,000 characters. */
const KEPT_CHARACTERS = 4_000_000;

type ReadRuns = (tools: readonly ToolSpec[], hasSystem: boolean) => HeadRun[] | null;
type Form = Pick<TemplateProfile, "form">;

const untilLastTool = (runs: readonly HeadRun[]): string =>
  JSON.stringify(runs.slice(0, runs.findLastIndex((run) => run.kind === "text" && run.tools.length > 0) + 1));

/** What the template prints before the first question, with the placeholders in it; null if it cannot. */
function printHead(
  template: ChatTemplate,
  { form }: Form,
  slots: Slots,
  tools: readonly unknown[] | null,
  hasSystem: boolean,
): string | null {
  const text = template.print({
    messages: [
      ...(hasSystem ? [{ role: "system", content: contentOf(form, slots.hold("system")) } as const] : []),
      { role: "user", content: contentOf(form, slots.hold("user")) },
      { role: "assistant", content: contentOf(form, slots.hold("after")) },
    ],
    tools,
    generate: null,
  });
  if (text === null) return null;
  const end = text.indexOf(slots.hold("user"));
  if (end < 0 || (hasSystem && !text.slice(0, end).includes(slots.hold("system")))) return null;
  return text.slice(0, end);
}

function plainHead(template: ChatTemplate, form: Form, hasSystem: boolean): HeadRun[] | null {
  const slots = createSlots();
  const text = printHead(template, form, slots, null, hasSystem);
  return text === null ? null : slots.split(text).map((part) => toRun(part, []));
}

function wholeHead(
  template: ChatTemplate,
  form: Form,
  { wrapped, style }: Extract<TemplateProfile["tools"], { kind: "whole" }>,
  tools: readonly ToolSpec[],
  hasSystem: boolean,
): HeadRun[] | null {
  const slots = createSlots();
  const held = tools.map((_, index) => slots.hold(`tool:${index}`));
  const text = printHead(
    template,
    form,
    slots,
    held.map((slot) => (wrapped ? { type: "function", function: slot } : slot)),
    hasSystem,
  );
  if (text === null) return null;
  const indices = new Map(tools.map((_, index) => [`tool:${index}`, index]));
  const quoted = new Set<string>();
  // The template's `tojson` has put the placeholder in quotes; the definition has none.
  const unquoted = slots.unquote(text, (name) => {
    if (indices.has(name)) quoted.add(name);
    return indices.has(name);
  });
  if (quoted.size < tools.length) return null;
  return slots.split(unquoted).map((part) => {
    const index = typeof part === "string" ? undefined : indices.get(part.slot);
    const tool = index === undefined ? undefined : tools[index];
    if (index === undefined || tool === undefined) return toRun(part, []);
    const definition = toolDefinition(tool);
    const json = toJsonText(wrapped ? definition : { type: "function", function: definition }, style);
    return { kind: "text", text: json, special: false, tools: [index] };
  });
}

/** The definition that shows where the one before it ends. */
const NEXT_TOOL: ToolSpec = {
  name: "next",
  description: null,
  inputSchema: { type: "object", properties: {} },
  strict: false,
  inputExamples: [],
};

/** The template takes definitions apart, so their ends are found by comparing renders with one tool more. */
function opaqueHead(
  template: ChatTemplate,
  form: Form,
  specialSpellings: readonly string[],
  tools: readonly ToolSpec[],
  hasSystem: boolean,
): HeadRun[] | null {
  const slots = createSlots();
  const print = (some: readonly ToolSpec[]): string | null =>
    printHead(
      template,
      form,
      slots,
      some.map((tool) => ({ type: "function", function: guard(toolDefinition(tool), specialSpellings, slots) })),
      hasSystem,
    );
  const text = print(tools);
  if (text === null) return null;
  const runs: HeadRun[] = [];
  let from = 0;
  let first = 0;
  tools.forEach((tool, index) => {
    // Each end costs a render: they are found where a breakpoint asks for one, and at the last tool.
    if (tool.cacheTtl === undefined && index < tools.length - 1) return;
    const some = tools.slice(0, index + 1);
    const [alone, followed] = [print(some), print([...some, NEXT_TOOL])];
    const end = alone === null || followed === null ? 0 : commonPrefixLength(alone, followed);
    const isSame = alone !== null && text.startsWith(alone.slice(0, end));
    const isLast = index === tools.length - 1;
    if ((!isSame || end <= from) && !isLast) return;
    const to = isSame && end > from ? end : text.length;
    const owners = Array.from({ length: index + 1 - first }, (_, offset) => first + offset);
    runs.push(...slots.split(text.slice(from, to)).map((part) => toRun(part, owners)));
    from = to;
    first = index + 1;
  });
  return [...runs, ...slots.split(text.slice(from)).map((part) => toRun(part, []))];
}

const LITERAL = "literal:";

function toRun(part: string | { readonly slot: string }, tools: readonly number[]): HeadRun {
  if (typeof part === "string") return { kind: "text", text: part, special: true, tools };
  if (part.slot.startsWith(LITERAL)) return { kind: "text", text: part.slot.slice(LITERAL.length), special: false, tools };
  return { kind: "system" };
}

/** Breaks up spellings of special tokens and hides characters that placeholders are made of, in keys and values. */
function guard(value: unknown, specialSpellings: readonly string[], slots: Slots): unknown {
  const text = (whole: string): string => {
    let safe = whole.replace(/[\u{e000}-\u{f8ff}]/gu, (character) => slots.hold(LITERAL + character));
    for (const spelling of specialSpellings) {
      const [first = ""] = spelling;
      if (safe.includes(spelling))
        safe = safe.replaceAll(spelling, () => slots.hold(LITERAL + first) + spelling.slice(first.length));
    }
    return safe;
  };
  const walk = (item: unknown): unknown => {
    if (typeof item === "string") return text(item);
    if (Array.isArray(item)) return item.map(walk);
    if (typeof item !== "object" || item === null) return item;
    return Object.fromEntries(Object.entries(item).map(([key, inner]) => [text(key), walk(inner)]));
  };
  return walk(value);
}

function commonPrefixLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}
