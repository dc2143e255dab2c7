import { z } from "zod";
import { defineEndpoint } from "../define-endpoint.ts";

const Health = z.strictObject({ status: z.literal("ok") }).meta({ id: "Health" });

/** Says that the process answers; says nothing of the engine or the database. */
export const healthz = defineEndpoint({
  name: "healthz",
  summary: "Whether the process is alive",
  method: "GET",
  path: "/healthz",
  permission: "public",
  reply: { schema: Health },
  handle: async () => ({ kind: "json", body: { status: "ok" } }),
});
