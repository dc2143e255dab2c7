import type { Turn } from "../turn/turn.ts";
import { STEPS_MAX } from "./steps-max.ts";

/** The most searches that a turn is expected to make, one a step; money is held for them. */
export function mostWebSearches({ serverTools = [] }: Turn): number {
  const search = serverTools.find(({ definition }) => definition.name === "web_search");
  if (search === undefined) return 0;
  const uses = "max_uses" in search.definition ? (search.definition.max_uses ?? STEPS_MAX) : STEPS_MAX;
  return Math.min(uses, STEPS_MAX);
}
