import type { CountTokensRequest, Problem } from "@parley/wire";
import { isServerToolResult } from "./split-server-tools.ts";
import type { TurnModel } from "./turn-context.ts";

/** What a well-formed request asks that the named model does not do. Texts as the platform's, where known (surface.md B). */
export function findModelProblem(request: CountTokensRequest, model: TurnModel): Problem | null {
  return (
    maxTokens(request, model) ??
    prefill(request, model) ??
    prefillOfFormat(request) ??
    thinking(request, model) ??
    sampling(request, model)
  );
}

function maxTokens({ max_tokens: asked = 0 }: CountTokensRequest, { id, rules }: TurnModel): Problem | null {
  if (asked <= rules.maxTokens) return null;
  return {
    path: ["max_tokens"],
    text: `${asked} > ${rules.maxTokens}, which is the maximum allowed number of output tokens for ${id}`,
  };
}

function prefill(request: CountTokensRequest, { rules }: TurnModel): Problem | null {
  // All of it is summarized: nothing is written on.
  if (rules.prefill || request.compaction || !hasPrefill(request)) return null;
  return {
    path: [],
    text: "This model does not support assistant message prefill. The conversation must end with a user message.",
  };
}

/** What the client puts together of both would be no JSON of the schema. */
function prefillOfFormat(request: CountTokensRequest): Problem | null {
  const { output_config: config, output_format: alias } = request;
  const path = config?.format ? ["output_config", "format"] : alias ? ["output_format"] : null;
  return path && hasPrefill(request)
    ? { path, text: "assistant message prefill cannot be used together with an output format" }
    : null;
}

/** A turn that was paused comes back as it stood: it ends with a result, after which the model speaks anew. */
function hasPrefill({ messages }: CountTokensRequest): boolean {
  const last = messages.at(-1);
  if (last?.role !== "assistant") return false;
  const block = typeof last.content === "string" ? undefined : last.content.at(-1);
  return !(block && (isServerToolResult(block) || block.type === "compaction"));
}

function thinking(request: CountTokensRequest, { rules }: TurnModel): Problem | null {
  const type = request.thinking?.type;
  if (type === undefined || rules.thinking[type]) return null;
  switch (type) {
    case "enabled":
      return {
        path: [],
        text: rules.thinking.adaptive
          ? '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
          : '"thinking.type.enabled" is not supported for this model.',
      };
    case "adaptive":
      return { path: [], text: "adaptive thinking is not supported on this model" };
    default:
      return { path: ["thinking", "type"], text: `'${type}' is not supported by this model` };
  }
}

function sampling(request: CountTokensRequest, { rules }: TurnModel): Problem | null {
  const { temperature, top_p: topP, top_k: topK } = request;
  if (rules.sampling === "fixed") {
    const set = [
      ["temperature", temperature, 1],
      ["top_p", topP, 1],
      ["top_k", topK, undefined],
    ] as const;
    const changed = set.find(([, value, standard]) => value !== undefined && value !== standard);
    return changed ? { path: [], text: `\`${changed[0]}\` is deprecated for this model.` } : null;
  }
  if (rules.sampling === "one" && temperature !== undefined && topP !== undefined) {
    return {
      path: [],
      text: "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
    };
  }
  return null;
}
