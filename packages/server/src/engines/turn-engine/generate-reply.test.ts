import { expect, test } from "vitest";
import { blocksOf, runScripted } from "./testing/scripted-reply.ts";

const adaptive = { thinking: { type: "adaptive", display: "summarized" } } as const;

test("thinks inside tags that are billed with it, then answers", async () => {
  const reply = await runScripted(adaptive, ["They greet me.</think>", "Hello"]);
  expect(blocksOf(reply.events)).toEqual(["thinking: They greet me.", "text: Hello"]);
  expect(reply.log).toBe("<think>\nThey greet me.\n</think>\n\nHello");
  expect(reply.ending.thinkingTokens).toBe(reply.log.indexOf("Hello"));
});

test("where max_tokens leaves no room to think, it is all the answer's", async () => {
  const reply = await runScripted({ ...adaptive, maxTokens: 5 }, ["Hello, you!"]);
  expect(blocksOf(reply.events)).toEqual(["text: Hello"]);
  expect(reply.outputTokens).toBe(5);
  expect(reply.ending).toMatchObject({ stopReason: "max_tokens", thinkingTokens: 0 });
});
