import { describe, expect, test } from "vitest";
import { planBatch } from "./plan-batch.ts";

const options = { batchTokens: 256, shareGently: true };
const plan = (items: readonly (readonly [sequenceId: number, prefillTokens: number])[], overrides = {}) =>
  planBatch(
    items.map(([sequenceId, prefillTokens]) => ({ sequenceId, prefillTokens })),
    { ...options, ...overrides },
  ).map(({ item, tokens }) => [item.sequenceId, tokens]);

describe("a batch", () => {
  test("is ordered by sequence id, whatever the order of the jobs", () => {
    expect(
      plan([
        [3, 0],
        [0, 0],
        [2, 0],
        [1, 0],
      ]),
    ).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
  });

  test("gives a prompt that is alone the whole step", () => {
    expect(plan([[0, 1000]])).toEqual([[0, 256]]);
    expect(plan([[0, 100]])).toEqual([[0, 100]]);
  });

  test("gives prompts a small share beside streams that decode, on a CPU", () => {
    expect(
      plan([
        [1, 0],
        [0, 1000],
      ]),
    ).toEqual([
      [0, 64],
      [1, 1],
    ]);
    expect(
      plan(
        [
          [1, 0],
          [0, 1000],
        ],
        { shareGently: false },
      ),
    ).toEqual([
      [0, 255],
      [1, 1],
    ]);
  });

  test("serves the shortest prompt first", () => {
    expect(
      plan([
        [0, 10_000],
        [1, 30],
      ]),
    ).toEqual([
      [0, 226],
      [1, 30],
    ]);
    expect(
      plan([
        [0, 10_000],
        [1, 300],
      ]),
    ).toEqual([[1, 256]]);
  });
});
