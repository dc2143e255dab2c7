import { expect, test } from "vitest";
import { outputRoom } from "./overflow.ts";

test("a prompt beyond the window is refused in the sentence that clients parse", () => {
  expect(() => outputRoom({ maxTokens: 10, contextOverflow: "stop" }, 9000, 8192)).toThrow(
    "prompt is too long: 9000 tokens > 8191 maximum",
  );
});

test("max_tokens beyond the window is refused in its own sentence where the model refuses it", () => {
  expect(() => outputRoom({ maxTokens: 5000, contextOverflow: "refuse" }, 4000, 8192)).toThrow(
    "input length and `max_tokens` exceed context limit: 4000 + 5000 > 8192",
  );
});

test("elsewhere the reply may fill the window", () => {
  expect(outputRoom({ maxTokens: 5000, contextOverflow: "stop" }, 4000, 8192)).toEqual({ tokens: 4192, endsAtWindow: true });
  expect(outputRoom({ maxTokens: 100, contextOverflow: "refuse" }, 4000, 8192)).toEqual({ tokens: 100, endsAtWindow: false });
});

test("filling the cache needs no room to decode", () => {
  expect(outputRoom({ maxTokens: 0, contextOverflow: "refuse" }, 8191, 8192).tokens).toBe(0);
  expect(() => outputRoom({ maxTokens: 0, contextOverflow: "refuse" }, 8192, 8192)).toThrow(
    "prompt is too long: 8192 tokens > 8191 maximum",
  );
});
