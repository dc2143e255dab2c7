import type { ModelCapabilities, ModelInfo } from "@parley/wire";
import { fail } from "../platform/fail.ts";
import type { Engine, WeightsDescription } from "../turn/engine.ts";
import { CLAUDE_MODELS, type ModelLine, type ModelRules } from "./claude-models.ts";
import { resolveClaudeModel } from "./resolve-claude-model.ts";
import { poolCapabilities, poolRules, type PoolTraits, servedCapabilities, type Vision } from "./served-capabilities.ts";

/** Weights by model line or by single model id (pinned, alias, or weights' own name); the more exact key wins. */
export type ModelMapping = Readonly<Record<string, string>>;

export interface ResolvedModel {
  /** The pinned id: replies carry it. */
  readonly id: string;
  /** Limits are per class of model. */
  readonly modelClass: ModelLine | "local";
  /** Name of the weights in the catalog. */
  readonly weights: string;
  readonly rules: ModelRules;
  readonly capabilities: ModelCapabilities;
  /** Null: local weights, or a pool that is served like them. */
  readonly pool: PoolTraits | null;
  /** It is shown pictures, not what is read from them. */
  readonly seesImages: boolean;
}

export interface ModelRegistry {
  /** Throws `not_found_error` (`model: <id>`) for a model that is not served. */
  resolve(id: string): Promise<ResolvedModel>;
  /** Every served model, newest first; local weights under their own names come last. */
  list(): Promise<readonly ModelInfo[]>;
  /** Throws like `resolve`. */
  get(id: string): Promise<ModelInfo>;
}

/** Where a line has no weights of its own, its nearest kin by size answers. */
const STAND_INS: Readonly<Record<ModelLine, readonly ModelLine[]>> = {
  haiku: ["sonnet", "opus"],
  sonnet: ["opus", "haiku"],
  opus: ["sonnet", "haiku"],
  fable: ["opus", "sonnet", "haiku"],
  mythos: ["fable", "opus", "sonnet", "haiku"],
};

/** Local weights under their own name may do whatever the engine can. */
const LOCAL_RULES: ModelRules = {
  maxTokens: 128_000,
  minimumCacheTokens: 1024,
  prefill: true,
  thinking: { enabled: true, adaptive: true, disabled: true, between_tools: true },
  sampling: "free",
  contextOverflow: "stop",
  inferenceGeo: false,
  mediaMax: 600,
};

const UNKNOWN_DAY = "1970-01-01T00:00:00Z";

export interface ModelRegistryOptions {
  readonly mapping: ModelMapping;
  readonly engine: Pick<Engine, "list">;
  /** Smallest cached prefix in tokens, by model line or id; the platform's figure where there is none. */
  readonly minimumCacheTokens?: Readonly<Record<string, number>>;
  readonly vision?: Vision;
  /** Names of local weights that are shown pictures. */
  readonly seeing?: ReadonlySet<string>;
  /** The pools of upstreams, by name; the engine lists them, too. */
  readonly pools?: ReadonlyMap<string, PoolTraits>;
  /** Whether this machine has a sandbox for code. */
  readonly runsCode?: boolean;
}

export function createModelRegistry({
  mapping,
  engine,
  minimumCacheTokens = {},
  vision = "native",
  seeing = new Set(),
  pools = new Map(),
  runsCode = false,
}: ModelRegistryOptions): ModelRegistry {
  const table = new Map(Object.entries(mapping));
  const minimums = new Map(Object.entries(minimumCacheTokens));

  function weightsFor(line: ModelLine, ids: readonly string[]): string | null {
    for (const key of [...ids, line, ...STAND_INS[line]]) {
      const weights = table.get(key);
      if (weights !== undefined) return weights;
    }
    return null;
  }

  function withOwnMinimum(rules: ModelRules, keys: readonly string[]): ModelRules {
    const own = keys.map((key) => minimums.get(key)).find((tokens) => tokens !== undefined);
    return own === undefined ? rules : { ...rules, minimumCacheTokens: own };
  }

  function resolved(id: string, modelClass: ResolvedModel["modelClass"], weights: string, rules: ModelRules): ResolvedModel {
    const pool = pools.get(weights) ?? null;
    const seesImages = pool?.seesImages ?? seeing.has(weights);
    const known = { id, modelClass, weights, pool, seesImages };
    if (pool === null) return { ...known, rules, capabilities: servedCapabilities(rules, vision, runsCode, seesImages) };
    const own = poolRules(rules, pool);
    return { ...known, rules: own, capabilities: poolCapabilities(own, vision, runsCode, pool) };
  }

  async function localWeights(name: string): Promise<WeightsDescription | undefined> {
    return (await engine.list()).find((weights) => weights.weights === name);
  }

  async function resolve(id: string): Promise<ResolvedModel> {
    const match = resolveClaudeModel(id);
    if (match) {
      const { line } = match.model;
      const weights = weightsFor(line, [id, match.id]);
      if (weights !== null) {
        return resolved(match.id, line, weights, withOwnMinimum(match.model.rules, [id, match.id, line]));
      }
    }
    // An operator may give weights further names; a bare line is not a model.
    const mapped = Object.hasOwn(STAND_INS, id) ? id : (table.get(id) ?? id);
    if (pools.has(mapped) || (await localWeights(mapped))) {
      return resolved(id, "local", mapped, withOwnMinimum(LOCAL_RULES, [id, mapped]));
    }
    throw fail("not_found_error", { public: `model: ${id}` });
  }

  /** Says whose weights answer, and that pictures are read and not seen. */
  function displayName(title: string, as: string | null, seesImages: boolean): string {
    const isRead = vision === "ocr" && !seesImages;
    const notes = [...(as === null ? [] : [`as ${as}`]), ...(isRead ? ["reads the text in images by OCR"] : [])];
    return notes.length === 0 ? title : `${title} (${notes.join("; ")})`;
  }

  function describe(model: ResolvedModel, weights: WeightsDescription): ModelInfo {
    const claude = model.modelClass === "local" ? null : (resolveClaudeModel(model.id)?.model ?? null);
    // A made-up id of a known line has the line's rules but neither a release day nor a name of its own.
    const own = claude?.id === model.id ? claude : null;
    return {
      type: "model",
      id: model.id,
      display_name: displayName(weights.title, claude ? (own?.displayName ?? model.id) : null, model.seesImages),
      created_at: own?.createdAt ?? UNKNOWN_DAY,
      max_input_tokens: weights.contextTokens,
      max_tokens: Math.min(model.rules.maxTokens, weights.contextTokens),
      line: claude?.line ?? null,
      lifecycle: own?.lifecycle ?? "active",
      deprecated_at: own?.deprecatedAt ?? null,
      retires_at: own?.retiresAt ?? null,
      capabilities: model.capabilities,
    };
  }

  async function list(): Promise<readonly ModelInfo[]> {
    const available = await engine.list();
    const ids = [...CLAUDE_MODELS.map((model) => model.id), ...available.map((weights) => weights.weights)];
    const models = await Promise.all(ids.map((id) => resolve(id).catch(() => null)));
    return models.flatMap((model) => {
      const weights = model && available.find((each) => each.weights === model.weights);
      return model && weights ? [describe(model, weights)] : [];
    });
  }

  async function get(id: string): Promise<ModelInfo> {
    const model = await resolve(id);
    const weights = await localWeights(model.weights);
    if (!weights) throw fail("not_found_error", { public: `model: ${id}`, internal: `weights ${model.weights} are not on disk` });
    return describe(model, weights);
  }

  return { resolve, list, get };
}
