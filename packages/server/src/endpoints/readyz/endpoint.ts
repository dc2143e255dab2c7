import { z } from "zod";
import { defineEndpoint } from "../define-endpoint.ts";

const Readiness = z
  .strictObject({ status: z.enum(["ready", "not_ready"]), checks: z.record(z.string(), z.boolean()) })
  .meta({ id: "Readiness" });

const NOT_READY_STATUS = 503;

/** Whether turns can be taken now; a load balancer asks. */
export const readyz = defineEndpoint({
  name: "readyz",
  summary: "Whether the server can take requests",
  method: "GET",
  path: "/readyz",
  permission: "public",
  reply: { schema: Readiness },
  async handle(_request, { readiness }) {
    const checks = await readiness();
    const isReady = Object.values(checks).every(Boolean);
    return { kind: "json", status: isReady ? 200 : NOT_READY_STATUS, body: { status: isReady ? "ready" : "not_ready", checks } };
  },
});
