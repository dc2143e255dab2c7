import { ConsolePrompt, ConsolePromptUpdateRequest } from "@parley/wire";
import { fail } from "../../platform/fail.ts";
import { updatePrompt } from "../../storage/prompts.ts";
import { notKept } from "../../tenancy/not-kept.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import {
  countPromptVersions,
  PROMPT_BODY_MAX_BYTES,
  requirePrompt,
  VERSIONS_MAX,
  workspaceOf,
} from "../shared/console-prompts.ts";
import { parseBody } from "../shared/to-body.ts";

export const consolePromptsUpdate = defineEndpoint({
  name: "console-prompts-update",
  summary: "Rename a prompt, save a new version of it, or its test cases",
  method: "POST",
  path: "/console/api/prompts/:prompt_id",
  permission: "session",
  body: {
    schema: ConsolePromptUpdateRequest,
    maxBytes: PROMPT_BODY_MAX_BYTES,
    parse: (json) => parseBody(ConsolePromptUpdateRequest, json),
  },
  reply: { schema: ConsolePrompt },
  async handle(request, deps) {
    const { workspaceId } = await workspaceOf(request, deps);
    const id = request.params["prompt_id"] ?? "";
    const versions = await countPromptVersions(deps, workspaceId, id);
    await deps.dataPolicy.requireStorage(workspaceId, "Saved prompts");
    if (request.body.content !== undefined && versions >= VERSIONS_MAX) {
      throw fail("invalid_request_error", {
        public: `A prompt has ${VERSIONS_MAX} versions at most. Save it under another name.`,
      });
    }
    const author = { userId: request.session.userId, now: new Date(deps.clock.nowMs()) };
    const outcome = await updatePrompt(deps.tenancy.storage, { workspaceId, id }, request.body, author);
    if (outcome === "unwanted") throw notKept();
    return { kind: "json", body: await requirePrompt(deps, workspaceId, id) };
  },
});
