import { expect, test } from "vitest";
import { compileChatTemplate } from "./chat-template.ts";
import { probeTemplate } from "./template-profile.ts";
import { TEST_TEMPLATES } from "./testing/templates.ts";
import { testModel } from "./testing/word-tokenizer.ts";

const trims = { start: true, end: true };
const keeps = { start: false, end: false };

test.each([
  ["hermes", "string", true, true, "whole"],
  ["thinking", "string", true, true, "whole"],
  ["json", null, true, false, "folded"],
  ["llama3", "string", true, true, "whole"],
  ["mistral", "string", true, true, "opaque"],
  ["gemma", null, false, false, "folded"],
  ["deepseek", "string", true, true, "folded"],
  ["harmony", "string", true, true, "opaque"],
  ["xml", "object", true, true, "whole"],
] as const)("%s: what the template can express is found out", (family, form, systemRole, toolCalls, tools) => {
  const profile = probeTemplate(compileChatTemplate(testModel(TEST_TEMPLATES[family])));
  expect({
    form: profile.toolCalls ? profile.form.arguments : null,
    systemRole: profile.systemRole,
    toolCalls: profile.toolCalls,
    tools: profile.tools.kind,
  }).toEqual({
    form,
    systemRole,
    toolCalls,
    tools,
  });
});

test("what a template trims is found out by role", () => {
  const strip = (family: keyof typeof TEST_TEMPLATES) =>
    probeTemplate(compileChatTemplate(testModel(TEST_TEMPLATES[family]))).strip;
  expect(strip("llama3")).toEqual({ system: trims, user: trims, assistant: trims, tool: keeps });
  expect(strip("hermes")).toEqual({ system: keeps, user: keeps, assistant: keeps, tool: keeps });
  expect(strip("thinking").assistant).toEqual({ start: true, end: false });
});

test("a template that wants its content in parts gets it in parts", () => {
  const template =
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}{% for part in m.content %}{{ part.text }}{% endfor %}{{ '<|im_end|>\\n' }}{% endfor %}";
  expect(probeTemplate(compileChatTemplate(testModel(template))).form.content).toBe("parts");
});
