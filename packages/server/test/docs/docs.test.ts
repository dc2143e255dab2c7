import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import type { z } from "zod";
import { endpoints } from "../../src/endpoints/index.ts";
import { createOpenapiDocument } from "../../src/endpoints/openapi/create-openapi-document.ts";
import { ConfigSchema, ENVIRONMENT_KEYS } from "../../src/platform/config.ts";
import { type Document, renderOperations, renderSchemas } from "./render-reference.ts";

const root = join(import.meta.dirname, "../../../..");
const docs = join(root, "docs");
const committed = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)));

test("the reference is what the schemas say", async () => {
  const document = createOpenapiDocument(endpoints) as unknown as Document;
  await expect(renderOperations(document)).toMatchFileSnapshot(join(docs, "reference/endpoints.md"));
  await expect(renderSchemas(document)).toMatchFileSnapshot(join(docs, "reference/schemas.md"));
});

test("configuration.md has every key with its default and its variable, and no other", () => {
  const variables = new Map(Object.entries(ENVIRONMENT_KEYS).map(([variable, key]) => [key, variable]));
  const expected = keysOf(ConfigSchema).map((key) => {
    const value = key.split(".").reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], ConfigSchema.parse({}));
    const variable = variables.get(key);
    return [
      `\`${key}\``,
      `\`${typeof value === "object" && value !== null ? JSON.stringify(value) : String(value)}\``,
      variable === undefined ? "" : `\`${variable}\``,
    ];
  });
  const rows = readFileSync(join(docs, "configuration.md"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .split("|")
        .slice(1, 4)
        .map((cell) => cell.trim()),
    );
  expect(rows).toEqual(expected);
});

test("every link within the documentation leads somewhere", () => {
  const pages = committed.filter((file) => file.endsWith(".md"));
  const broken = pages.flatMap((page) =>
    [...readFileSync(join(root, page), "utf8").matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map(([, target]) => join(root, dirname(page), target ?? ""))
      .filter((target) => !existsSync(target))
      .map((target) => `${page}: ${relative(root, target)}`),
  );
  expect(pages.length).toBeGreaterThan(10);
  expect(broken).toEqual([]);
});

test("every page of the documentation that a comment or a message names is there", () => {
  const sources = committed.filter((file) => /\.(ts|mjs|cjs|json|sh)$/.test(file) && !file.endsWith("package-lock.json"));
  const missing = sources.flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/\bdocs\/[\w./-]+\.md\b/g)]
      .map(([page]) => page)
      .filter((page) => !existsSync(join(root, page)))
      .map((page) => `${file}: ${page}`),
  );
  expect(sources.length).toBeGreaterThan(200);
  expect(missing).toEqual([]);
});

/** Dotted keys of a strict object, in order. */
function keysOf(schema: z.ZodObject, prefix = ""): readonly string[] {
  return Object.entries(schema.shape).flatMap(([name, field]) => {
    let inner = field as z.ZodType & { readonly def: { readonly innerType?: z.ZodType } };
    while (inner.def.type === "prefault" && inner.def.innerType) inner = inner.def.innerType;
    return inner.def.type === "object" ? keysOf(inner as unknown as z.ZodObject, `${prefix}${name}.`) : [`${prefix}${name}`];
  });
}
