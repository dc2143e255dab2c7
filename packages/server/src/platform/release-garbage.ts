import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type CollectGarbage = (options: { type: "major"; flavor: "last-resort"; execution: "async" }) => Promise<void>;

/**
 * Gives back to the system what a start has left behind: modules that were read and compiled, mostly. The engine does so by
 * itself only when its heap has grown, which on a server at rest is never. Takes some 100 ms, in pieces.
 */
export async function releaseGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as CollectGarbage;
  setFlagsFromString("--no-expose-gc");
  await collect({ type: "major", flavor: "last-resort", execution: "async" });
}
