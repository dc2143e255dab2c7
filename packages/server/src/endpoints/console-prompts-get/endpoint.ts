import { ConsolePrompt } from "@parley/wire";
import { defineEndpoint } from "../define-endpoint.ts";
import { requirePrompt, workspaceOf } from "../shared/console-prompts.ts";

export const consolePromptsGet = defineEndpoint({
  name: "console-prompts-get",
  summary: "A prompt with its versions and test cases",
  method: "GET",
  path: "/console/api/prompts/:prompt_id",
  permission: "session",
  reply: { schema: ConsolePrompt },
  async handle(request, deps) {
    const { workspaceId } = await workspaceOf(request, deps);
    const body = await requirePrompt(deps, workspaceId, request.params["prompt_id"] ?? "");
    return { kind: "json", headers: { "cache-control": "no-store" }, body };
  },
});
