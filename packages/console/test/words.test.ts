import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

const SOURCES = join(import.meta.dirname, "../src");
/** Between two tags, or in an attribute that people read or hear. */
const SPOKEN = [
  />\s*([^<>{}=;()]*\p{L}{2,}[^<>{}=;()]*)<\//gu,
  /\b(?:label|title|placeholder|alt|hint|description|about|action|said|aria-label)="([^"]*\p{L}{2,}[^"]*)"/gu,
];

test("every word that people read stands in a text.ts, where it can be translated", async () => {
  const found: string[] = [];
  let files = 0;
  for await (const path of glob("**/*.tsx", { cwd: SOURCES })) {
    files += 1;
    const source = await readFile(join(SOURCES, path), "utf8");
    for (const pattern of SPOKEN) for (const [, words = ""] of source.matchAll(pattern)) found.push(`${path}: ${words.trim()}`);
  }
  expect(files).toBeGreaterThan(80);
  expect(found).toEqual([]);
});
