import { ConsolePrompt, ConsolePromptCreateRequest } from "@parley/wire";
import { fail } from "../../platform/fail.ts";
import { newId } from "../../platform/ids.ts";
import { countPrompts, insertPrompt } from "../../storage/prompts.ts";
import { notKept } from "../../tenancy/not-kept.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { PROMPT_BODY_MAX_BYTES, PROMPTS_MAX, requirePrompt, workspaceOf } from "../shared/console-prompts.ts";
import { parseBody } from "../shared/to-body.ts";

export const consolePromptsCreate = defineEndpoint({
  name: "console-prompts-create",
  summary: "Keep a prompt in a workspace",
  method: "POST",
  path: "/console/api/prompts",
  permission: "session",
  body: {
    schema: ConsolePromptCreateRequest,
    maxBytes: PROMPT_BODY_MAX_BYTES,
    parse: (json) => parseBody(ConsolePromptCreateRequest, json),
  },
  reply: { schema: ConsolePrompt },
  async handle(request, deps) {
    const { workspaceId } = await workspaceOf(request, deps);
    await deps.dataPolicy.requireStorage(workspaceId, "Saved prompts");
    const { storage } = deps.tenancy;
    if ((await countPrompts(storage, workspaceId)) >= PROMPTS_MAX) {
      throw fail("invalid_request_error", { public: `A workspace keeps ${PROMPTS_MAX} prompts at most. Delete one first.` });
    }
    const { name, content, cases = [] } = request.body;
    const id = newId("prompt");
    const author = { userId: request.session.userId, now: new Date(deps.clock.nowMs()) };
    if (!(await insertPrompt(storage, { id, workspaceId, name, content, cases }, author))) throw notKept();
    return { kind: "json", body: await requirePrompt(deps, workspaceId, id) };
  },
});
