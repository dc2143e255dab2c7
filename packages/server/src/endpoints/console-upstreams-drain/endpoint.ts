import { ConsoleDone } from "@parley/wire";
import { fail } from "../../platform/fail.ts";
import { insertDrainedUpstream } from "../../storage/drained-upstreams.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { steerModels } from "../shared/steer-models.ts";

export const consoleUpstreamsDrain = defineEndpoint({
  name: "console-upstreams-drain",
  summary: "Give an upstream no new turns, on all nodes within a second; those that it has end there",
  method: "POST",
  path: "/console/api/upstreams/:upstream/drain",
  permission: "session",
  reply: { schema: ConsoleDone },
  async handle(request, deps) {
    await steerModels(request, deps, "upstream.drain", async (upstream, queries) => {
      const { upstreams } = await deps.modelControl.state({ maySteer: false });
      if (!upstreams.some(({ name }) => name === upstream)) {
        throw fail("not_found_error", { public: `Upstream not found: ${upstream}` });
      }
      const drainedAt = new Date(deps.tenancy.clock.nowMs());
      await insertDrainedUpstream(queries, { upstream, drainedAt, drainedBy: `user:${request.session.userId}` });
    });
    return { kind: "json", body: { type: "done" } };
  },
});
