import { ConsoleDone } from "@parley/wire";
import { fail } from "../../platform/fail.ts";
import { deleteDrainedUpstream } from "../../storage/drained-upstreams.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { steerModels } from "../shared/steer-models.ts";

export const consoleUpstreamsResume = defineEndpoint({
  name: "console-upstreams-resume",
  summary: "Give an upstream that was drained turns again, on all nodes within a second",
  method: "DELETE",
  path: "/console/api/upstreams/:upstream/drain",
  permission: "session",
  reply: { schema: ConsoleDone },
  async handle(request, deps) {
    await steerModels(request, deps, "upstream.resume", async (upstream, queries) => {
      if (!(await deleteDrainedUpstream(queries, upstream))) {
        throw fail("not_found_error", { public: `No upstream of this name is drained: ${upstream}` });
      }
    });
    return { kind: "json", body: { type: "done" } };
  },
});
