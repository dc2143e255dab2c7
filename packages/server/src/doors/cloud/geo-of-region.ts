import type { JsonObject, Place } from "./cloud-door.ts";

/**
 * `inference_geo` as a region in a URL asks for it, unless the body says it itself. A region of the United States is one that a
 * server there can promise, at its price; any other names no place that Parley has, and the reply's usage says where it ran.
 */
export function geoOfRegion(region: string | null, body: JsonObject, { standsIn }: Place): { inference_geo?: "us" } {
  const isUs = region !== null && /^us(?:-|$)/.test(region);
  return isUs && standsIn === "us" && !("inference_geo" in body) ? { inference_geo: "us" } : {};
}
