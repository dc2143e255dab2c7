import type { MetricsFormat } from "../../platform/expose-metrics.ts";
import { defineEndpoint } from "../define-endpoint.ts";

export const metrics = defineEndpoint({
  name: "metrics",
  summary: "Prometheus metrics",
  method: "GET",
  path: "/metrics",
  permission: "local",
  reply: { schema: null },
  async handle({ headers }, deps) {
    const { contentType, text } = await deps.metrics.expose(formatFor(headers.accept ?? ""));
    return { kind: "raw", contentType, body: text };
  },
});

/** OpenMetrics for those who name it, and do not prefer the classic text: Prometheus names it first. */
function formatFor(accept: string): MetricsFormat {
  let [best, bestQuality]: [MetricsFormat, number] = ["text", 0];
  for (const range of accept.split(",")) {
    const [type = "", ...parameters] = range.split(";").map((each) => each.trim().toLowerCase());
    const version = parameters.find((each) => each.startsWith("version="));
    const isOpen = type === "application/openmetrics-text" && (version === undefined || version === "version=1.0.0");
    if (!isOpen && type !== "text/plain") continue;
    const quality = Number(parameters.find((each) => each.startsWith("q="))?.slice(2) ?? 1);
    if (quality > bestQuality) [best, bestQuality] = [isOpen ? "openmetrics" : "text", quality];
  }
  return best;
}
