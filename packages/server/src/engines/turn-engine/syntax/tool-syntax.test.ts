import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readGbnf } from "../grammar/testing/gbnf-sampler.ts";
import type { Family } from "../render/detect-family.ts";
import { createToolSyntax } from "./create-tool-syntax.ts";
import { scanWhole, testTool } from "./testing/scan-whole.ts";

const FAMILIES: readonly Family[] = ["hermes", "llama3", "mistral", "deepseek", "gemma", "harmony", "json"];
const tools = [testTool("get_weather", ["city"]), testTool("get_time"), testTool("get"), testTool("Read-File_2")];
const names = tools.map((tool) => tool.spec.name);

type Call = { readonly name: string; readonly input: Readonly<Record<string, unknown>> };
type Writer = (call: Call) => string;

const json = JSON.stringify;
const pretty = ({ name, input }: Call): string => json({ name, arguments: input }, null, 2);
const spaced = ({ name, input }: Call, key = "arguments"): string => `{"name": ${json(name)}, ${json(key)}: ${json(input)}}`;

/** How each family writes a call. */
const OWN: Readonly<Record<Family, readonly Writer[]>> = {
  hermes: [(call) => `<tool_call>\n${spaced(call)}\n</tool_call>`],
  llama3: [(call) => spaced(call, "parameters"), (call) => `<|python_tag|>${spaced(call, "parameters")}`],
  mistral: [
    (call) => `[TOOL_CALLS][${spaced(call)}]`,
    ({ name, input }) => `[TOOL_CALLS]${name}[ARGS]${json(input)}`,
    ({ name, input }) => `[TOOL_CALLS]${name}[CALL_ID]a1B2c3D4e[ARGS]${json(input)}`,
  ],
  deepseek: [
    ({ name, input }) =>
      `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>${name}\n\`\`\`json\n${json(input)}\n\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
    ({ name, input }) =>
      `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>${name}<｜tool▁sep｜>${json(input)}<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
  ],
  gemma: [(call) => `\`\`\`json\n${spaced(call)}\n\`\`\``, (call) => `\`\`\`tool_code\n${spaced(call, "parameters")}\n\`\`\``],
  harmony: [
    ({ name, input }) => `<|channel|>commentary to=functions.${name} <|constrain|>json<|message|>${json(input)}<|call|>`,
    ({ name, input }) => `<|start|>assistant to=functions.${name}<|channel|>commentary json<|message|>${json(input)}<|call|>`,
  ],
  json: [(call) => spaced(call)],
};

/** What weak models write instead, whatever their family. */
const NEAR_MISSES: Readonly<Record<string, Writer>> = {
  "bare JSON": (call) => spaced(call),
  "indented JSON": pretty,
  "fenced JSON": (call) => `\`\`\`json\n${pretty(call)}\n\`\`\``,
  "a fence without a language": (call) => `\`\`\`\n${spaced(call)}\n\`\`\``,
  "a fence on one line": (call) => `\`\`\`json ${spaced(call)}\`\`\``,
  "inline code": (call) => `\`${spaced(call)}\``,
  "a tag in a fence": (call) => `\`\`\`xml\n<tool_call>\n${spaced(call)}\n</tool_call>\n\`\`\``,
  "a fence in a tag": (call) => `<tool_call>\n\`\`\`json\n${spaced(call)}\n\`\`\`\n</tool_call>`,
  "a tag without a line break": (call) => `<tool_call>${spaced(call)}</tool_call>`,
  "no closing tag": (call) => `<tool_call>\n${spaced(call)}`,
  "no opening tag": (call) => `${spaced(call)}\n</tool_call>`,
  "another tag": (call) => `<tools>\n${spaced(call)}\n</tools>`,
  function_call: (call) => `<function_call> ${spaced(call)} </function_call>`,
  "a name in the tag": ({ name, input }) => `<function=${name}>${json(input)}</function>`,
  parameters: (call) => spaced(call, "parameters"),
  input: (call) => spaced(call, "input"),
  args: (call) => spaced(call, "args"),
  "a block of another API": ({ name, input }) => `{"type":"tool_use","id":"toolu_1","name":${json(name)},"input":${json(input)}}`,
  "function around": (call) => `{"function": ${spaced(call)}}`,
  "type and function": (call) => `{"type":"function","function":${spaced(call)}}`,
  "id behind": ({ name, input }) => `{"name":${json(name)},"arguments":${json(input)},"id":"call_1","type":"function"}`,
  "the input as a string": ({ name, input }) => `{"name":${json(name)},"arguments":${json(json(input))}}`,
  "the name behind": ({ name, input }) => `{"arguments": ${json(input)}, "name": ${json(name)}}`,
  "the name behind, in a fence": ({ name, input }) => `\`\`\`json\n{"arguments": ${json(input)},\n"name": ${json(name)}}\n\`\`\``,
  "an array of one": (call) => `[${spaced(call)}]`,
  tool_calls: (call) => `{"tool_calls": [${spaced(call)}]}`,
  "doubled braces": (call) => `{${spaced(call)}}`,
  "one brace too many": (call) => `${spaced(call)}}`,
  "single quotes around the name": ({ name, input }) => `{'name': '${name}', 'arguments': ${json(input)}}`,
  "a namespace": ({ name, input }) => `{"name": "functions.${name}", "arguments": ${json(input)}}`,
};

const anyInput = fc.dictionary(
  fc.string({ maxLength: 6 }).filter((key) => key !== "__proto__"),
  fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 12 }),
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('}"```</tool_call>{[', "\\", '{"name": "get"', "<tool_call>"),
  ),
  { maxKeys: 3 },
);
// Inputs as they are after JSON, where -0 is 0.
const anyCall = fc.record({
  name: fc.constantFrom(...names),
  input: anyInput.map((input) => ({ city: "x", ...(JSON.parse(json(input)) as object) })),
});
const cutsOf = (text: string) =>
  fc.oneof(
    fc.constant<readonly number[]>([]),
    fc.constant(Array.from({ length: text.length }, (_, index) => index)),
    fc.array(fc.nat(text.length), { maxLength: 30 }).map((cuts) => cuts.toSorted((a, b) => a - b)),
  );

/** Prose without anything that a call could begin with, and not ending in white space. */
const prose = fc
  .array(fc.constantFrom("Let me see.", "So:", "I use a tool", "über\n\nlong", "x = 1;", "- item\n- more"), { maxLength: 3 })
  .map((parts) => parts.join("\n"));

const found = ({ name, input }: Call) => expect.objectContaining({ call: name, input, error: null });

describe.each(FAMILIES)("%s", (family) => {
  const syntax = createToolSyntax(family);

  test("reads its own calls, one or several, with text before, however the text is cut", () => {
    fc.assert(
      fc.property(
        prose,
        fc.array(anyCall, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(...OWN[family]),
        fc.constantFrom("\n", "", " \n\n"),
        fc.infiniteStream(fc.nat()),
        (before, calls, write, gap, numbers) => {
          const text = `${before}${before === "" ? "" : "\n"}${calls.map(write).join(gap)}`;
          const cuts = [...numbers.take(20)].map((number) => number % text.length).toSorted((a, b) => a - b);
          const expected = [...(before === "" ? [] : [{ text: before }]), ...calls.map(found)];
          for (const cut of [[], cuts, Array.from(text, (_, index) => index)]) {
            expect(scanWhole(syntax, tools, text, cut)).toEqual(expected);
          }
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  test.each(Object.entries(NEAR_MISSES))("recognises %s", (_name, write) => {
    fc.assert(
      fc.property(prose, anyCall, prose, (before, call, after) => {
        const text = `${before}\n\n${write(call)}\n\n${after}`;
        const expected = [...(before === "" ? [] : [{ text: before }]), found(call), ...(after === "" ? [] : [{ text: after }])];
        expect(scanWhole(syntax, tools, text, [])).toEqual(expected);
        expect(
          scanWhole(
            syntax,
            tools,
            text,
            Array.from(text, (_, index) => index),
          ),
        ).toEqual(expected);
      }),
      { numRuns: 15 },
    );
  });

  test("a forced call follows its grammar, and is read back as one call", () => {
    const sampler = readGbnf(syntax.callGrammar(tools));
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 40, maxLength: 40 }), (numbers) => {
        let next = 0;
        const text = sampler.sample(() => numbers[next++ % numbers.length] ?? 0, 30);
        const [only, ...others] = scanWhole(syntax, tools, text, []);
        expect(others).toEqual([]);
        expect(names).toContain(only !== undefined && "call" in only ? only.call : text);
      }),
      { numRuns: 60 },
    );
  });

  test("a call that was opened in free text can be completed under its grammar", () => {
    for (const write of [...OWN[family], ...Object.values(NEAR_MISSES)]) {
      const text = write({ name: "get", input: { city: "x" } });
      const scanner = syntax.scanner(tools);
      const [event] = scanner.push(text);
      if (event?.type !== "call-open") throw new Error(`not opened: ${text}`);
      const start = event.call.inputStart;
      const literal = text.slice(Math.max(0, start - 2), start);
      const sampler = readGbnf(syntax.restOfCallGrammar(event.call.tool, literal, event.call));
      for (const seed of [0.1, 0.4, 0.7]) {
        const rest = sampler.sample(() => seed, 0);
        expect(rest.startsWith(literal)).toBe(true);
        const events = [...scanner.push(rest.slice(literal.length)), ...scanner.finish()];
        expect(events.map(({ type }) => type)).toEqual(["input-delta", "call-close"]);
        scanner.reopen(event.call);
      }
    }
  });

  test("text about other things is never changed, however it is cut", () => {
    const piece = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 8 }),
      fc.jsonValue({ maxDepth: 3 }).map((value) => json(value)),
      fc.constantFrom(
        "```",
        "```json\n",
        "```ts\n",
        "\n",
        "\n\n",
        "  ",
        "`",
        "{",
        "}",
        "[",
        "<",
        "<b>",
        "<tool_call",
        "<tool_call>",
        "</tool_call>",
        '{"name": "',
        '"name"',
        '{"name": "other", "arguments": {}}',
        '{"name": "get_weather", "description": "x"',
        '{"arguments": {"a": 1}}',
        "[TOOL",
        "<|x|>",
        "<function=",
        "<function=nothing>{}</function>",
        "const f = () => { return { a: [1] }; };",
        '{"tool_calls": []}',
        "~~~",
        "<｜tool",
        "```tool_code\nprint(1)\n```",
        "get_weather(",
        "[{}]",
        "{{",
        "}}",
      ),
    );
    fc.assert(
      fc.property(
        fc
          .array(piece, { maxLength: 14 })
          .map((parts) => parts.join(""))
          .chain((text) => fc.tuple(fc.constant(text), cutsOf(text))),
        ([text, cuts]) => {
          const scanned = scanWhole(syntax, tools, text, cuts);
          expect(scanned).toEqual(text === "" ? [] : [{ text }]);
        },
      ),
      { numRuns: 400 },
    );
  }, 60_000);

  test("any text gives the same events however it is cut", () => {
    const piece = fc.oneof(
      anyCall.chain((call) => fc.constantFrom(...OWN[family], ...Object.values(NEAR_MISSES)).map((write) => write(call))),
      fc.constantFrom(
        "\n",
        " ",
        ",",
        "]",
        "}",
        "```",
        "```json\n",
        "[",
        "{",
        "text",
        "<tool_call>\n",
        "</tool_call>",
        ";",
        "<|channel|>final<|message|>",
      ),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(
        fc
          .array(piece, { maxLength: 6 })
          .map((parts) => parts.join(""))
          .chain((text) => fc.tuple(fc.constant(text), fc.nat(text.length), cutsOf(text))),
        ([text, end, cuts]) => {
          // Cut off anywhere, as by max_tokens.
          const part = text.slice(0, end);
          expect(scanWhole(syntax, tools, part, cuts)).toEqual(scanWhole(syntax, tools, part, []));
        },
      ),
      { numRuns: 300 },
    );
  }, 60_000);
});

describe("what is no call", () => {
  const syntax = createToolSyntax("hermes");
  test.each([
    ["a tool that is not declared", '<tool_call>\n{"name": "rm", "arguments": {}}\n</tool_call>'],
    ["the definition of a tool", '{"name": "get_weather", "description": "d", "parameters": {"type": "object"}}'],
    ["a call within other JSON", '{"log": [1, {"name": "get", "arguments": {}}]}'],
    ["a call as an argument in code", 'client.send({"name": "get", "arguments": {}})'],
    ["a call within a code fence of a program", '```python\nimport json\ncall = {"name": "get", "arguments": {}}\n```'],
    ["a name alone where input is needed", '{"name": "get_weather"}'],
    ["a name alone among other keys", '{"name": "get", "version": "1.0"}'],
  ])("%s", (_name, text) => {
    expect(scanWhole(syntax, tools, text, [])).toEqual([{ text }]);
  });
});

test("text is held back only while it may become a call", () => {
  const scanner = createToolSyntax("hermes").scanner(tools);
  expect(scanner.push("Look: {")).toEqual([{ type: "text", text: "Look:" }]);
  expect(scanner.push('"na')).toEqual([]);
  expect(scanner.push('x"')).toEqual([{ type: "text", text: ' {"nax"' }]);
  expect(scanner.push("\n```js")).toEqual([]);
  expect(scanner.push("\nlet")).toEqual([{ type: "text", text: "\n```js\nlet" }]);
});

test("several calls in one array, fence or run of lines", () => {
  const syntax = createToolSyntax("hermes");
  const two = ['{"name": "get_weather", "arguments": {"city": "a"}}', '{"name": "get_time", "arguments": {}}'];
  const expected = [found({ name: "get_weather", input: { city: "a" } }), found({ name: "get_time", input: {} })];
  for (const text of [
    `[${two.join(", ")}]`,
    `\`\`\`json\n[\n${two.join(",\n")}\n]\n\`\`\``,
    `\`\`\`json\n${two.join("\n")}\n\`\`\``,
    two.join("\n"),
    two.join("; "),
    `{"tool_calls": [${two.join(",")}]}`,
    `<tool_call>\n${two.join("\n")}\n</tool_call>`,
    `<tool_call>${two.join("</tool_call><tool_call>")}</tool_call>`,
  ])
    expect([text, scanWhole(syntax, tools, text, [])]).toEqual([text, expected]);
});

test("a call without its input is one in a tag, or where no input is needed", () => {
  const syntax = createToolSyntax("hermes");
  expect(scanWhole(syntax, tools, '{"name": "get_time"}', [])).toEqual([
    { call: "get_time", json: "{}", input: {}, error: null },
  ]);
  const scanner = syntax.scanner(tools);
  const [event] = scanner.push('<tool_call>{"name": "get_weather"}');
  if (event?.type !== "call-open") throw new Error("not opened");
  const grammar = readGbnf(syntax.restOfCallGrammar(event.call.tool, "", event.call));
  expect(grammar.accepts(', "arguments": {"city": "x"}}\n</tool_call>')).toBe(true);
  expect(scanner.push(', "arguments": {"city": "x"}}\n</tool_call>')).toEqual([
    { type: "input-delta", json: '{"city": "x"}' },
    { type: "call-close", input: { city: "x" }, error: null },
  ]);
});

test("an input that fails the schema is closed with what is wrong", () => {
  expect(scanWhole(createToolSyntax("json"), tools, '{"name": "get_weather", "arguments": {"town": 1}}', [])).toEqual([
    { call: "get_weather", json: '{"town": 1}', input: { town: 1 }, error: "must have required property 'city'" },
  ]);
});

test("a call that max_tokens cuts stays open", () => {
  expect(scanWhole(createToolSyntax("json"), tools, '{"name": "get_weather", "arguments": {"city": "Par', [])).toEqual([
    { cut: "get_weather", json: '{"city": "Par' },
  ]);
});

test("harmony's channels: analysis is dropped, the others are text", () => {
  const text = "<|channel|>analysis<|message|>hm <b><|end|><|start|>assistant<|channel|>final<|message|>Hi <b>you</b><|return|>";
  expect(scanWhole(createToolSyntax("harmony"), tools, text, [])).toEqual([{ text: "Hi <b>you</b>" }]);
});

describe("calls in one list", () => {
  const syntax = createToolSyntax("hermes");

  test("are written for near misses only, and read back as they were written", () => {
    expect(syntax.listForm('<tool_call>\n{"name": ')).toBeNull();
    const form = syntax.listForm('```json\n{"name": ');
    if (form === null) throw new Error("no list form");
    const sampler = readGbnf(form.grammar(tools));
    for (const seed of [0.1, 0.5, 0.9]) {
      const text = form.opening + sampler.sample(() => seed, 0);
      const list = JSON.parse(text.replaceAll("```json", "").replaceAll("```", "")) as readonly {
        name: string;
        arguments: unknown;
      }[];
      const read = scanWhole(syntax, tools, text, []);
      expect(read).toEqual(list.map((one) => expect.objectContaining({ call: one.name, input: one.arguments })));
    }
  });
});

describe("a call to a tool that does not exist", () => {
  const scanner = () => createToolSyntax("hermes").scanner(tools, { unknownCalls: true, thoughts: "text" });

  test("is reported where it began, and free text goes on from there", () => {
    const one = scanner();
    const text = 'Well. ```json\n{"name": "nothing_of_that_name", "arguments": {';
    expect(one.push(text)).toEqual([
      { type: "text", text: "Well." },
      { type: "call-unknown", callStart: text.indexOf("```") },
    ]);
    one.restart(5);
    expect([...one.push(" I cannot do that."), ...one.finish()]).toEqual([{ type: "text", text: " I cannot do that." }]);
  });

  test.each([
    '{"name": "Ann", "age": 3}',
    '{"name": "Ann"}',
    '{"title": "x", "arguments": {}}',
    '{"name": "Ann", "arguments": []}',
  ])("is not any object with a name: %s", (text) => {
    const one = scanner();
    expect([...one.push(text), ...one.finish()].map((event) => ("text" in event ? event.text : event.type)).join("")).toBe(text);
  });
});

describe.each(["hermes", "llama3", "mistral", "deepseek", "gemma", "harmony", "json"] as const)(
  "a forced call of %s",
  (family: Family) => {
    const syntax = createToolSyntax(family);

    test.each([{ offered: tools }, { offered: tools.slice(0, 1) }])(
      "is read back whole, its beginning included",
      ({ offered }) => {
        const { opening, grammar } = syntax.forcedCall(offered);
        const sampler = readGbnf(grammar(offered));
        for (const seed of [0.1, 0.4, 0.8]) {
          const text = opening + sampler.sample(() => seed, 0);
          const [only, ...others] = scanWhole(syntax, offered, text, []);
          expect(others).toEqual([]);
          expect(offered.map(({ spec }) => spec.name)).toContain(only !== undefined && "call" in only ? only.call : text);
        }
        expect(syntax.forcedCall(tools.slice(0, 1)).opening.length).toBeGreaterThanOrEqual(opening.length);
      },
    );
  },
);
