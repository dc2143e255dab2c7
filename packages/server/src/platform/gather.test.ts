import { expect, test } from "vitest";
import { gather } from "./gather.ts";

test("who comes while a call runs is in the next, in order, and one call's failure is its own items'", async () => {
  const calls: { readonly items: readonly string[]; readonly answer: PromiseWithResolvers<readonly string[]> }[] = [];
  const ask = gather<string, string>((items) => {
    const answer = Promise.withResolvers<readonly string[]>();
    calls.push({ items, answer });
    return answer.promise;
  }, 2);
  const settled = ["a", "b", "c", "d"].map((item) =>
    ask(item).then(
      (result) => result,
      (error: unknown) => error,
    ),
  );
  expect(calls.map(({ items }) => items)).toEqual([["a"]]);
  calls[0]?.answer.resolve(["A"]);
  expect(await settled[0]).toBe("A");
  expect(calls.map(({ items }) => items)).toEqual([["a"], ["b", "c"]]);
  calls[1]?.answer.reject(new Error("away"));
  expect(await Promise.all([settled[1], settled[2]])).toEqual([new Error("away"), new Error("away")]);
  expect(calls.at(-1)?.items).toEqual(["d"]);
  calls[2]?.answer.resolve(["D"]);
  expect(await settled[3]).toBe("D");
  const next = ask("e");
  calls[3]?.answer.resolve([]);
  await expect(next).rejects.toThrow("0 results for 1 items");
});
