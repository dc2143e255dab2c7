import { CLAUDE_MODELS, type ClaudeModel, type ModelLine } from "./claude-models.ts";

const BY_ID: ReadonlyMap<string, ClaudeModel> = new Map(
  CLAUDE_MODELS.flatMap((model) => [model.id, ...model.aliases].map((id) => [id, model] as const)),
);

/** A dated spelling of an alias (`-20260301`, `@20260301`) or its `-latest`. */
const DATE_OR_LATEST = /(?:[-@]\d{8}|-latest)$/;

/** Words that name a line; the first two families had no lines, so their nearest successors answer. */
const LINE_WORDS: readonly (readonly [RegExp, ModelLine])[] = [
  [/haiku/, "haiku"],
  [/sonnet/, "sonnet"],
  [/opus/, "opus"],
  [/fable/, "fable"],
  [/mythos/, "mythos"],
  [/^claude-instant/, "haiku"],
  [/^claude-(?:v?[12])(?:\b|[.-])/, "sonnet"],
];

export interface ClaudeMatch {
  /** The pinned id: replies carry it. */
  readonly id: string;
  /** The model whose rules hold: itself, or for an id outside the table the newest of its line. */
  readonly model: ClaudeModel;
}

/** The model that a Claude id, alias or dated id names; null for anything else. */
export function resolveClaudeModel(id: string): ClaudeMatch | null {
  const known = BY_ID.get(id) ?? BY_ID.get(id.replace(DATE_OR_LATEST, ""));
  if (known) return { id: known.id, model: known };
  if (!/^claude-[a-z0-9.@-]+$/.test(id)) return null;
  const line = LINE_WORDS.find(([word]) => word.test(id))?.[1];
  const newest = CLAUDE_MODELS.find((model) => model.line === line);
  return newest ? { id, model: newest } : null;
}
