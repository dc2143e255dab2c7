import { expect, test } from "vitest";
import { hashParts, replayKey } from "./hashes.ts";
import { assistant, loadedTool, text, tool, toolResult, toolUse, turnOf, user } from "./testing/turns.ts";

const keyOf = (input: Record<string, unknown>, mark: object = {}) =>
  replayKey("w", "m", [text("A"), { ...toolUse("t1", "cache", input), ...mark }]);

test("a reply is found again wherever its breakpoints stand and however its keys are ordered", () => {
  expect(keyOf({ a: 1, b: 2 }, { cacheTtl: "5m" })).toBe(keyOf({ b: 2, a: 1 }));
});

test("an argument named like a breakpoint is content, at any depth", () => {
  expect(keyOf({ cacheTtl: "5m" })).not.toBe(keyOf({ cacheTtl: "1h" }));
  expect(keyOf({ options: { cacheTtl: "5m" } })).not.toBe(keyOf({ options: {} }));
});

test("marks of any block leave the hashes of a prompt's parts as they are", () => {
  const hashes = (cacheTtl: { cacheTtl?: "5m" }) =>
    hashParts(
      turnOf({
        system: [{ ...text("S"), ...cacheTtl }],
        tools: [tool("weather", cacheTtl)],
        messages: [
          user({ ...text("Q"), ...cacheTtl }),
          assistant({ ...toolUse("t1"), ...cacheTtl }),
          user(
            { type: "tool_result", toolUseId: "t1", isError: false, content: [{ ...text("R"), ...cacheTtl }], ...cacheTtl },
            loadedTool("t2", tool("loaded", cacheTtl)),
          ),
        ],
      }),
      "m",
    );
  expect(hashes({ cacheTtl: "5m" })).toEqual(hashes({}));
  const other = hashParts(turnOf({ messages: [user(toolResult("t1", "R"))] }), "m");
  expect(other.messages).not.toEqual(hashes({}).messages);
});
