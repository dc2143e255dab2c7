import type { ModelInfo } from "@parley/wire";

export interface WeightsGroup {
  readonly weights: string;
  readonly models: readonly ModelInfo[];
}

/** `Qwen2.5 Coder 0.5B (as Claude Haiku 5.5)`: the weights stand before what they answer as. */
export function groupByWeights(models: readonly ModelInfo[]): readonly WeightsGroup[] {
  const groups = Map.groupBy(models, (model) => model.display_name.replace(/ \(as [^()]*\)$/, ""));
  return [...groups].map(([weights, members]) => ({ weights, models: members }));
}
