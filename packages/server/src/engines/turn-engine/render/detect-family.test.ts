import { expect, test } from "vitest";
import { detectFamily } from "./detect-family.ts";

test.each([
  ["hermes", "<|im_start|>system <tools> {{ tool | tojson }} </tools> <tool_call>", "qwen2"],
  ["hermes", "<|start_header_id|>system<|end_header_id|> <tool_call>", "llama"],
  ["llama3", "<|start_header_id|>system<|end_header_id|> Environment: ipython", "llama"],
  ["json", "<|start_header_id|>{{ message.role }}<|end_header_id|>", "llama"],
  ["mistral", "[AVAILABLE_TOOLS]{{ tools | tojson }}[/AVAILABLE_TOOLS][INST]", "llama"],
  ["deepseek", "<｜User｜>{{ message.content }}<｜Assistant｜>", "qwen2"],
  ["gemma", "<start_of_turn>user {{ message.content }}<end_of_turn>", "gemma3"],
  ["harmony", "<|start|>assistant<|channel|>final<|message|>", "gpt-oss"],
  ["json", "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>", "llama"],
] as const)("%s is read off its template", (family, template, architecture) => {
  expect(detectFamily(template, architecture)).toBe(family);
});

test("without a template the architecture decides", () => {
  expect(detectFamily(null, "qwen2")).toBe("hermes");
  expect(detectFamily(null, "gemma3")).toBe("gemma");
  expect(detectFamily(null, "llama")).toBe("json");
});
