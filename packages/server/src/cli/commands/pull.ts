import type { CliContext } from "../cli-context.ts";
import { localWeightsOf } from "../../platform/upstreams-config.ts";
import { ensureWeights, resolveWeightsName } from "../ensure-weights.ts";

export async function pull(names: readonly string[], context: CliContext, signal: AbortSignal): Promise<void> {
  const wanted = names.length > 0 ? names : localWeightsOf(context.config);
  for (const name of wanted) {
    const file = await ensureWeights(name, context, signal);
    context.say(`${await resolveWeightsName(name, context)} is at ${file}`);
    context.emit({ name: await resolveWeightsName(name, context), file });
  }
}
