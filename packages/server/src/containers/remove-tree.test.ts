import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeTree } from "./remove-tree.ts";

let place: string;
let folder: string;
let outside: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "parley-tree-"));
  folder = join(place, "container");
  outside = join(place, "outside");
  for (const path of [folder, outside]) mkdirSync(path);
  for (let file = 0; file < 50; file += 1) writeFileSync(join(outside, `kept-${file}`), "1");
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const isUnharmed = (): boolean => readdirSync(outside).length === 50;

test("links are removed and not followed, and what its owner may not read is removed too", async () => {
  mkdirSync(join(folder, "a", "b"), { recursive: true });
  mkdirSync(join(folder, "closed"));
  writeFileSync(join(folder, "closed", "file"), "x");
  chmodSync(join(folder, "closed"), 0);
  for (const link of ["link", "a/link", "a/b/link"]) symlinkSync(outside, join(folder, link));
  await removeTree(folder);
  expect(existsSync(folder)).toBe(false);
  expect(isUnharmed()).toBe(true);
  await removeTree(folder);
});

test("folders as deep as no path can name are removed", async () => {
  const levels = 40;
  // A path of 4,096 bytes ends before the twentieth; so it is built from its end.
  let inner = join(place, "0");
  mkdirSync(inner);
  for (let level = 1; level < levels; level += 1) {
    const outer = join(place, String(level));
    mkdirSync(outer);
    await rename(inner, join(outer, "x".repeat(200)));
    inner = outer;
  }
  await rename(inner, join(folder, "deep"));
  await removeTree(folder);
  expect(existsSync(folder)).toBe(false);
});

test("a program that puts links in the place of folders meanwhile reaches nothing outside", async () => {
  const swapped = join(folder, "swapped");
  const over = new AbortController();
  const swapping = (async () => {
    for (let turn = 0; turn < 300; turn += 1) {
      await setImmediate();
      try {
        mkdirSync(join(folder, `full-${turn}`));
        for (let file = 0; file < 5; file += 1) writeFileSync(join(folder, `full-${turn}`, `kept-${file}`), "1");
        await rename(join(folder, `full-${turn}`), swapped);
        await rename(swapped, join(folder, `away-${turn}`));
        symlinkSync(outside, swapped);
        await rename(swapped, join(folder, `link-${turn}`));
      } catch {
        // Removed in between.
      }
    }
    over.abort();
  })();
  while (!over.signal.aborted) {
    await removeTree(folder).catch(() => {});
    mkdirSync(folder, { recursive: true });
  }
  await swapping;
  expect(isUnharmed()).toBe(true);
});
