import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { resolveInTurn } from "./resolve-in-turn.ts";

const ADDRESS = [{ address: "93.184.215.14", family: 4 as const }];

/** A resolver whose answers come when the test says so. */
function slow() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const resolve = resolveInTurn((host) => {
    begun.push(host);
    return new Promise((done) => ends.set(host, () => done(ADDRESS)));
  });
  const answer = async (host: string) => {
    ends.get(host)?.();
    await setImmediate();
  };
  return { begun, resolve, answer };
}

test("slow names hold two threads, and the next one is of another domain", async () => {
  const { begun, resolve, answer } = slow();
  const all = ["a.slow.test", "b.slow.test", "c.slow.test", "d.slow.test", "fast.example"].map((host) => resolve(host));
  await setImmediate();
  expect(begun).toEqual(["a.slow.test", "b.slow.test"]);
  await answer("a.slow.test");
  await answer("b.slow.test");
  expect(begun.slice(2).toSorted()).toEqual(["c.slow.test", "fast.example"]);
  await answer("c.slow.test");
  await answer("fast.example");
  await answer("d.slow.test");
  expect(await Promise.all(all)).toEqual(all.map(() => ADDRESS));
});

test("a name that many ask for at once is resolved once, and what is too much fails at once", async () => {
  const { begun, resolve, answer } = slow();
  const same = [resolve("one.test"), resolve("one.test")];
  const many = Array.from({ length: 300 }, (_, index) => resolve(`${index}.test`).catch((error: unknown) => String(error)));
  await answer("one.test");
  expect(await Promise.all(same)).toEqual([ADDRESS, ADDRESS]);
  expect(begun.filter((host) => host === "one.test")).toHaveLength(1);
  expect(await many.at(-1)).toContain("too many names");
  // Asked again, it is resolved anew: nothing is kept.
  const again = resolve("one.test");
  for (let index = 0; index < 300; index += 1) await answer(`${index}.test`);
  await answer("one.test");
  expect(await again).toEqual(ADDRESS);
  expect(begun.filter((host) => host === "one.test")).toHaveLength(2);
});
