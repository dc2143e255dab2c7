import { createHash } from "node:crypto";
import type { ToolSpec } from "../../../turn/turn.ts";
import type { CompiledTool } from "../syntax/tool-syntax.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { compileJsonSchema } from "./compile-json-schema.ts";
import { createValidator } from "./validator.ts";

/** Compiled schemas hold no content, so one cache may serve every tenant. */
const compiled = new BoundedCache<Omit<CompiledTool, "spec">>(512);

/** Compiles a tool's input schema to a grammar and a validator. Never throws; equal schemas are compiled once. */
export function compileTool(spec: ToolSpec): CompiledTool {
  const schema = { ...spec.inputSchema, type: "object" };
  const key = contentHash(schema);
  const parts = compiled.get(key, () => {
    const { rootRule, rules, relaxed } = compileJsonSchema(schema, { rulePrefix: `t${key.slice(0, 10)}` });
    const { validate, warning } = createValidator(schema);
    return { grammar: { rootRule, rules }, exact: relaxed.length === 0 && warning === null, validate };
  });
  return { spec, ...parts };
}

/** Hash of a JSON value as it stands. What cannot be written as JSON hashes alike. */
export function contentHash(value: unknown): string {
  let text = "";
  try {
    text = JSON.stringify(value);
  } catch {
    // Deeper than the engine's stack: the compiler gives up on it just so.
  }
  return createHash("sha256").update(text).digest("hex");
}
