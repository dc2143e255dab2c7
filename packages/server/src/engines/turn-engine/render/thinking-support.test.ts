import { expect, test } from "vitest";
import { thinkingSupport } from "./thinking-support.ts";

test("a template that writes or takes thinking makes it native", () => {
  expect(thinkingSupport("{% if enable_thinking %}…{% endif %}")).toBe("native");
  expect(thinkingSupport("{{ message.reasoning_content }}")).toBe("native");
  expect(thinkingSupport("<|im_start|>{{ message.content }}<|im_end|>")).toBe("emulated");
  expect(thinkingSupport(null)).toBe("emulated");
});
