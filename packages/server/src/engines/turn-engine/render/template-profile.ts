import type { ChatMessage, ChatTemplate } from "./chat-template.ts";
import { JSON_STYLES, type JsonStyle, PYTHON_JSON, toJsonText } from "./json-text.ts";
import { contentOf, type MessageForm } from "./mini-conversation.ts";
import { createSlots } from "./placeholders.ts";
import { PLAIN_ANSWER } from "./step-shape.ts";
import { createSeams, type Seams } from "./seams.ts";

/** At which ends of a role's content a template cuts off white space. */
export interface StripRule {
  readonly start: boolean;
  readonly end: boolean;
}

/** What one template can express, found out once by rendering small conversations. */
export interface TemplateProfile {
  readonly form: MessageForm;
  readonly seams: Seams;
  readonly strip: Readonly<Record<"system" | "user" | "assistant" | "tool", StripRule>>;
  /** Whether a first message of role system is printed in front of the first question. */
  readonly systemRole: boolean;
  /** Whether calls and their results can be printed at all (which shapes: ask `seams`). */
  readonly toolCalls: boolean;
  readonly argumentStyle: JsonStyle;
  readonly tools: ToolsForm;
}

/**
 * `whole`: each definition is printed as one JSON text, which may be tokenized on its own. `opaque`: the template takes
 * definitions apart. `folded`: it knows no tools.
 */
export type ToolsForm =
  | { readonly kind: "whole"; readonly wrapped: boolean; readonly style: JsonStyle }
  | { readonly kind: "opaque" }
  | { readonly kind: "folded" };

const KEEP: StripRule = { start: false, end: false };

export function probeTemplate(template: ChatTemplate): TemplateProfile {
  const content = probeContent(template);
  const { form, style } = probeArguments(template, content);
  const seams = createSeams(template, form);
  const call = { reasoning: false, text: false, calls: [form.arguments === "object" ? 1 : 0] };
  const toolCalls =
    seams.between({ kind: "user" }, { kind: "assistant", shape: call }) !== null &&
    seams.between({ kind: "assistant", shape: call }, { kind: "tools", shape: call, results: 1 }) !== null &&
    seams.between({ kind: "tools", shape: call, results: 1 }, { kind: "assistant", shape: PLAIN_ANSWER }) !== null;
  return {
    form,
    seams,
    strip: {
      system: probeStrip(template, form, "system"),
      user: probeStrip(template, form, "user"),
      assistant: probeStrip(template, form, "assistant"),
      tool: probeStrip(template, form, "tool"),
    },
    systemRole: probeSystem(template, form),
    toolCalls,
    argumentStyle: style,
    tools: probeTools(template, form),
  };
}

function probeContent(template: ChatTemplate): MessageForm["content"] {
  const text = template.print({ messages: [{ role: "user", content: "QUESTION" }], tools: null, generate: null });
  if (text?.includes("QUESTION")) return "string";
  const parts = template.print({
    messages: [{ role: "user", content: [{ type: "text", text: "QUESTION" }] }],
    tools: null,
    generate: null,
  });
  return parts?.includes("QUESTION") ? "parts" : "string";
}

/** A conversation with one call, its result and an answer. */
function callConversation(content: MessageForm["content"], name: string, args: unknown, result: string): ChatMessage[] {
  const form: MessageForm = { content, arguments: "string" };
  return [
    { role: "user", content: contentOf(form, "QUESTION") },
    {
      role: "assistant",
      content: "",
      tool_calls: [{ id: "call00000", type: "function", function: { name, arguments: args } }],
    },
    { role: "tool", content: contentOf(form, result), tool_call_id: "call00000", name },
    { role: "assistant", content: contentOf(form, "ANSWER") },
  ];
}

function probeArguments(template: ChatTemplate, content: MessageForm["content"]): { form: MessageForm; style: JsonStyle } {
  const sample = { first: 1, second: ["two", { third: true }] };
  const print = (args: unknown): string | null =>
    template.print({ messages: callConversation(content, "NAME", args, "RESULT"), tools: null, generate: null });
  const asString = print("ARGUMENTS");
  const asObject = print(sample);
  if (asString?.includes("ARGUMENTS")) {
    for (const style of JSON_STYLES) {
      const json = toJsonText(sample, style);
      const expected = [asString.replace('"ARGUMENTS"', () => json), asString.replace("ARGUMENTS", () => json)];
      if (asObject !== null && expected.includes(asObject)) return { form: { content, arguments: "string" }, style };
    }
    // Text is put together with them, which an object only spoils.
    if (asObject === null || !asObject.includes("first") || !asObject.includes("two"))
      return { form: { content, arguments: "string" }, style: PYTHON_JSON };
  }
  return { form: { content, arguments: "object" }, style: PYTHON_JSON };
}

function probeStrip(template: ChatTemplate, form: MessageForm, role: keyof TemplateProfile["strip"]): StripRule {
  const print = (space: string): string | null => {
    const probe = `${space}PROBE${space}`;
    const messages: ChatMessage[] =
      role === "tool"
        ? callConversation(form.content, "NAME", form.arguments === "object" ? {} : "{}", probe)
        : [
            ...(role === "system" ? [{ role, content: contentOf(form, probe) } as const] : []),
            { role: "user", content: contentOf(form, role === "user" ? probe : "QUESTION") },
            ...(role === "assistant" ? [{ role, content: contentOf(form, probe) } as const] : []),
          ];
    return template.print({ messages, tools: null, generate: null });
  };
  const text = print("\t\n");
  return text === null ? KEEP : { start: !text.includes("\t\nPROBE"), end: !text.includes("PROBE\t\n") };
}

function probeSystem(template: ChatTemplate, form: MessageForm): boolean {
  const text = template.print({
    messages: [
      { role: "system", content: contentOf(form, "SYSTEM") },
      { role: "user", content: contentOf(form, "QUESTION") },
      { role: "assistant", content: contentOf(form, "ANSWER") },
    ],
    tools: null,
    generate: null,
  });
  return text !== null && text.includes("SYSTEM") && text.indexOf("SYSTEM") < text.indexOf("QUESTION");
}

function probeTools(template: ChatTemplate, form: MessageForm): ToolsForm {
  const definitions = ["FIRST", "SECOND"].map((name) => ({
    name,
    description: `Does ${name}.`,
    parameters: { type: "object", properties: { at: { type: "string", enum: ["x", "y"] } }, required: ["at"] },
  }));
  const print = (tools: readonly unknown[]): string | null =>
    template.print({
      messages: [
        { role: "user", content: contentOf(form, "QUESTION") },
        { role: "assistant", content: contentOf(form, "ANSWER") },
      ],
      tools,
      generate: null,
    });
  const real = print(definitions.map((definition) => ({ type: "function", function: definition })));
  const question = real?.indexOf("QUESTION") ?? -1;
  if (real === null || !definitions.every(({ name }) => real.includes(name) && real.indexOf(name) < question))
    return { kind: "folded" };
  for (const wrapped of [false, true]) {
    const slots = createSlots();
    const held = definitions.map((_, index) => slots.hold(`tool:${index}`));
    const printed = print(held.map((slot) => (wrapped ? { type: "function", function: slot } : slot)));
    if (printed === null) continue;
    for (const style of JSON_STYLES) {
      const filled = definitions.reduce((text, definition, index) => {
        const json = toJsonText(wrapped ? definition : { type: "function", function: definition }, style);
        return text.replace(`"${held[index]}"`, () => json);
      }, printed);
      if (filled === real) return { kind: "whole", wrapped, style };
    }
  }
  return { kind: "opaque" };
}
