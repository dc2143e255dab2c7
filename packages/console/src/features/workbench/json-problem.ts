import { parseBySchema, ToolParam } from "@parley/wire";
import { z } from "zod";
import { text } from "./text.ts";

const Tools = z.array(ToolParam);

/** What the API would say of the tools; null: nothing. Empty text means none. */
export function toolsProblem(source: string): string | null {
  if (source.trim() === "") return null;
  const json = parseJson(source);
  if ("problem" in json) return json.problem;
  if (!Array.isArray(json.value)) return text.toolsProblem;
  const checked = parseBySchema(Tools, json.value);
  return checked.ok ? null : `tools.${checked.message}`;
}

/** What is wrong with the schema of a structured reply; null: nothing. */
export function schemaProblem(source: string): string | null {
  if (source.trim() === "") return null;
  const json = parseJson(source);
  if ("problem" in json) return json.problem;
  const { value } = json;
  return typeof value === "object" && value !== null && !Array.isArray(value) ? null : text.schemaProblem;
}

function parseJson(source: string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: JSON.parse(source) as unknown };
  } catch (error) {
    return { problem: text.jsonProblem(error instanceof Error ? error.message : String(error)) };
  }
}
