import { defineEndpoint } from "../define-endpoint.ts";

export const metrics = defineEndpoint({
  name: "metrics",
  summary: "Prometheus metrics",
  method: "GET",
  path: "/metrics",
  permission: "local",
  reply: { schema: null },
  async handle(_request, deps) {
    const { contentType, text } = await deps.metrics.expose();
    return { kind: "raw", contentType, body: text };
  },
});
