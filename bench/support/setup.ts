import { parseArgs } from "node:util";
import { LARGE, HALF, SMALL, startParley, type ParleyOptions } from "../../packages/server/test/support/start-parley.ts";
import { askParley } from "./ask-parley.ts";
import { endWithUs } from "./end-with-us.ts";

export type Backend = "llama-server" | "node-llama-cpp";

const BACKENDS: readonly Backend[] = ["llama-server", "node-llama-cpp"];

export interface Setup {
  readonly llamaServer: string;
  readonly model: string;
  readonly backends: readonly Backend[];
  readonly json: string | null;
  /** The number given for an option of this benchmark. */
  number(name: string): number;
  /** The text given for an option of this benchmark. */
  text(name: string): string;
}

/** Reads the options that every benchmark has, and its own ones with their defaults. */
export function readSetup(numbers: Readonly<Record<string, number>>, texts: Readonly<Record<string, string>> = {}): Setup {
  const own = Object.entries({ ...numbers, ...texts }).map(
    ([name, value]) => [name, { type: "string", default: String(value) }] as const,
  );
  const { values } = parseArgs({
    options: {
      models: { type: "string" },
      "llama-server": { type: "string" },
      model: { type: "string", default: HALF },
      backends: { type: "string", default: BACKENDS.join(",") },
      json: { type: "string" },
      ...Object.fromEntries(own),
    },
  });
  const text = (name: string): string => {
    const value: unknown = (values as Readonly<Record<string, unknown>>)[name];
    if (typeof value !== "string") throw new Error(`--${name} is required`);
    return value;
  };
  // Where `startParley` looks for weights.
  process.env["PARLEY_TEST_MODELS"] = text("models");
  return {
    llamaServer: text("llama-server"),
    model: oneOf("model", text("model"), [SMALL, HALF, LARGE]),
    backends: text("backends")
      .split(",")
      .map((name) => oneOf("backends", name, BACKENDS)),
    json: values.json === undefined ? null : text("json"),
    text,
    number(name) {
      const value = Number(text(name));
      if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be a positive whole number`);
      return value;
    },
  };
}

export interface EngineSize {
  readonly slots: number;
  readonly contextTokens: number;
}

/** A Parley with one backend and with its model loaded: it has answered once. */
export async function startLoadedParley(
  setup: Setup,
  backend: Backend,
  size: EngineSize,
  earlier: Pick<ParleyOptions, "dataDir" | "apiKey"> = {},
) {
  const parley = await startParley({
    model: setup.model,
    ...earlier,
    env: {
      PARLEY_ENGINE: backend,
      PARLEY_LLAMA_SERVER: setup.llamaServer,
      PARLEY_SLOTS: String(size.slots),
      PARLEY_CONTEXT_TOKENS: String(size.contextTokens),
      PARLEY_LOG_LEVEL: "warn",
    },
  });
  endWithUs(parley.child);
  try {
    await askParley(parley, { max_tokens: 4, messages: [{ role: "user", content: `Hello ${backend}` }] });
  } catch (error) {
    await parley[Symbol.asyncDispose]();
    throw error;
  }
  return parley;
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new Error(`--${option}: one of ${allowed.join(", ")}`);
  return found;
}
