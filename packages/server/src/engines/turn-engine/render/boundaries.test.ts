import { expect, test } from "vitest";
import { placeBoundaries } from "./boundaries.ts";

const part = (path: string | null) => ({ path, ttl: null });
const run = (tokenCount: number, ...parts: number[]) => ({ tokenCount, parts });
const positions = (runs: Parameters<typeof placeBoundaries>[0], count: number) =>
  placeBoundaries(
    runs,
    Array.from({ length: count }, (_, index) => part(`p${index}`)),
  ).map(({ path, position }) => `${path} ${position}`);

test("in logical order every part ends where its own text ends", () => {
  expect(positions([run(3), run(5, 0), run(2), run(4, 1), run(9)], 2)).toEqual(["p0 8", "p1 14"]);
});

test("parts that are printed in another order end together", () => {
  expect(positions([run(3), run(5, 2), run(2), run(4, 0), run(1, 1), run(6, 3)], 4)).toEqual([
    "p0 15",
    "p1 15",
    "p2 15",
    "p3 21",
  ]);
});

test("a part without text ends with the parts before it, and one with nothing before it has no boundary", () => {
  expect(positions([run(3), run(5, 1), run(2)], 3)).toEqual(["p1 8", "p2 8"]);
});

test("parts that cannot be told apart end together, and a part without a path has no boundary", () => {
  expect(positions([run(1, 0, 1), run(1, 0, 1), run(1, 2)], 3)).toEqual(["p0 2", "p1 2", "p2 3"]);
  expect(placeBoundaries([run(1, 0), run(1, 1)], [part(null), part("p1")])).toEqual([{ position: 2, path: "p1", ttl: null }]);
});
