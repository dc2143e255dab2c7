/**
 * Tool-calling accuracy over HTTP, on the Berkeley function-calling data (fetched by pip, never committed).
 *
 *   node bench/tools/run.ts --url http://127.0.0.1:8080 --model NAME [--key KEY] [--engine parley|llama-server|vllm]
 *     [--cases N] [--half test|tune] [--categories simple,multiple] [--choices auto,any] [--concurrency N] [--temperature T]
 *     [--data FOLDER] [--json FILE] [--verbose]
 *
 * Serve the same weights on each engine that is compared. `auto` is scored by answer; `any` (on the simple and multiple
 * cases) by the share of finished replies that make at least one call, each valid against its tool's schema.
 */
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ask, type Asked, type Choice, type Engine, type Target } from "./ask.ts";
import { CATEGORIES, fetchData, loadCases, type Case, type Category, type Half } from "./cases.ts";
import { formatReport, summarise, type Outcome } from "./report.ts";
import { scoreCalls } from "./score.ts";
import { callsAreValid } from "./schema-check.ts";

const ENGINES: readonly Engine[] = ["parley", "llama-server", "vllm"];
const CHOICES: readonly Choice[] = ["auto", "any"];
const ANY_CATEGORIES: readonly Category[] = ["simple", "multiple"];

const options = readOptions();
const data = await fetchData(options.data);
const outcomes: Outcome[] = [];
for (const category of options.categories) {
  const cases = (await loadCases(data, category, options.half)).slice(0, options.cases);
  for (const choice of options.choices) {
    if (choice === "any" && !ANY_CATEGORIES.includes(category)) continue;
    outcomes.push(...(await askAll(cases, choice)));
  }
}
const summary = summarise(outcomes);
console.log(formatReport(options.target, options.half, summary));
if (options.json !== null) {
  await writeFile(
    options.json,
    `${JSON.stringify({ target: { ...options.target, key: null }, half: options.half, summary, outcomes }, null, 1)}\n`,
  );
}

async function askAll(cases: readonly Case[], choice: Choice): Promise<readonly Outcome[]> {
  const results: Outcome[] = [];
  const queue = cases.values();
  const worker = async (): Promise<void> => {
    for (const one of queue) {
      const asked = await ask(options.target, one, choice);
      const outcome = judge(one, choice, asked);
      results.push(outcome);
      if (options.verbose && !outcome.passed) console.error(`${one.id} ${choice}: ${outcome.reason}`);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
  return results;
}

function judge(one: Case, choice: Choice, asked: Asked): Outcome {
  const base = {
    id: one.id,
    category: one.category,
    choice,
    calls: asked.calls,
    finished: asked.finished,
    elapsedMs: asked.elapsedMs,
  };
  if (asked.error !== null) return { ...base, passed: false, failed: true, reason: asked.error };
  if (choice === "any") {
    const reason = callsAreValid(one.tools, asked.calls);
    return { ...base, passed: reason === null, failed: false, reason: reason ?? "" };
  }
  if (one.category === "irrelevance") {
    return {
      ...base,
      passed: asked.calls.length === 0,
      failed: false,
      reason: asked.calls.length === 0 ? "" : `called ${asked.calls[0]?.name}`,
    };
  }
  const verdict = scoreCalls(one.functions, asked.calls, one.expected);
  return { ...base, passed: verdict.right, failed: false, reason: verdict.right ? "" : verdict.reason };
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      url: { type: "string", default: "http://127.0.0.1:8080" },
      key: { type: "string" },
      model: { type: "string" },
      engine: { type: "string", default: "parley" },
      cases: { type: "string", default: "40" },
      half: { type: "string", default: "test" },
      categories: { type: "string", default: CATEGORIES.join(",") },
      choices: { type: "string", default: CHOICES.join(",") },
      concurrency: { type: "string", default: "1" },
      temperature: { type: "string", default: "0" },
      "max-tokens": { type: "string", default: "512" },
      data: { type: "string", default: join(tmpdir(), "parley-bench-bfcl") },
      json: { type: "string" },
      verbose: { type: "boolean", default: false },
    },
  });
  if (values.model === undefined) throw new Error("--model is required: the name under which the server knows the weights");
  const half: Half = oneOf("--half", values.half, ["tune", "test"]);
  const target: Target = {
    engine: oneOf("--engine", values.engine, ENGINES),
    url: values.url,
    key: values.key ?? null,
    model: values.model,
    temperature: Number(values.temperature),
    maxTokens: Number(values["max-tokens"]),
  };
  return {
    target,
    half,
    cases: Number(values.cases),
    categories: values.categories.split(",").map((name) => oneOf("--categories", name, CATEGORIES)),
    choices: values.choices.split(",").map((name) => oneOf("--choices", name, CHOICES)),
    concurrency: Number(values.concurrency),
    data: values.data,
    json: values.json ?? null,
    verbose: values.verbose,
  };
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new Error(`${option}: one of ${allowed.join(", ")}`);
  return found;
}
