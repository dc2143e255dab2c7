import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { toolName, type ExpectedCall, type FunctionDoc } from "./score.ts";

export const CATEGORIES = ["simple", "multiple", "parallel", "parallel_multiple", "irrelevance"] as const;
export type Category = (typeof CATEGORIES)[number];

/** Even rows were used to tune the tool policy, odd rows never: report on `test`. */
export type Half = "tune" | "test";

export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  /** JSON Schema. */
  readonly schema: Readonly<Record<string, unknown>>;
}

export interface Case {
  readonly id: string;
  readonly category: Category;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly functions: readonly FunctionDoc[];
  readonly tools: readonly ToolDefinition[];
  /** Empty for irrelevance: right is to make no call. */
  readonly expected: readonly ExpectedCall[];
}

const PACKAGE = "bfcl-eval==2026.3.23";
const FILES: Readonly<Record<Category, string>> = {
  simple: "BFCL_v4_simple_python.json",
  multiple: "BFCL_v4_multiple.json",
  parallel: "BFCL_v4_parallel.json",
  parallel_multiple: "BFCL_v4_parallel_multiple.json",
  irrelevance: "BFCL_v4_irrelevance.json",
};

/** The Berkeley function-calling data ships in a wheel; it is downloaded into `folder` once and unpacked there. */
export async function fetchData(folder: string): Promise<string> {
  const data = join(folder, "bfcl_eval", "data");
  if (existsSync(data)) return data;
  const run = promisify(execFile);
  await mkdir(folder, { recursive: true });
  await run("python3", ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]);
  const wheel = (await readdir(folder)).find((name) => name.endsWith(".whl"));
  if (wheel === undefined) throw new Error(`pip left no wheel of ${PACKAGE} in ${folder}`);
  await run("python3", ["-m", "zipfile", "-e", join(folder, wheel), folder]);
  return data;
}

export async function loadCases(data: string, category: Category, half: Half): Promise<readonly Case[]> {
  const rows = await readRows<Row>(join(data, FILES[category]));
  const answers = category === "irrelevance" ? [] : await readRows<Answer>(join(data, "possible_answer", FILES[category]));
  const byId = new Map(answers.map((answer) => [answer.id, answer.ground_truth]));
  return rows
    .filter((_, index) => (index % 2 === 0) === (half === "tune"))
    .map((row) => ({
      id: row.id,
      category,
      messages: row.question[0] ?? [],
      functions: row.function,
      tools: row.function.map((one) => ({
        name: toolName(one.name),
        description: one.description,
        schema: toJsonSchema(one.parameters),
      })),
      expected: byId.get(row.id) ?? [],
    }));
}

interface Row {
  readonly id: string;
  readonly question: readonly (readonly { readonly role: string; readonly content: string }[])[];
  readonly function: readonly (FunctionDoc & { readonly description: string })[];
}

interface Answer {
  readonly id: string;
  readonly ground_truth: readonly ExpectedCall[];
}

async function readRows<T>(file: string): Promise<readonly T[]> {
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => JSON.parse(line) as T);
}

const JSON_TYPES: Readonly<Record<string, string>> = {
  dict: "object",
  float: "number",
  tuple: "array",
  integer: "integer",
  string: "string",
  boolean: "boolean",
  array: "array",
  any: "string",
};

/** The data writes Python's type names; everything else in it is JSON Schema (`optional` aside). */
function toJsonSchema(schema: unknown): Readonly<Record<string, unknown>> {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema as Readonly<Record<string, unknown>>)) {
    if (key === "optional") continue;
    if (key === "type" && typeof value === "string") out[key] = JSON_TYPES[value.toLowerCase()] ?? "string";
    else if (key === "items") out[key] = toJsonSchema(value);
    else if (key === "properties") {
      out[key] = Object.fromEntries(
        Object.entries(value as Readonly<Record<string, unknown>>).map(([name, one]) => [name, toJsonSchema(one)]),
      );
    } else out[key] = value;
  }
  return out;
}
