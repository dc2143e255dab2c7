import { ConsolePromptDeleted } from "@parley/wire";
import { deletePrompt } from "../../storage/prompts.ts";
import { notFound } from "../../tenancy/not-found.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { workspaceOf } from "../shared/console-prompts.ts";

export const consolePromptsDelete = defineEndpoint({
  name: "console-prompts-delete",
  summary: "Delete a prompt with all its versions",
  method: "DELETE",
  path: "/console/api/prompts/:prompt_id",
  permission: "session",
  reply: { schema: ConsolePromptDeleted },
  async handle(request, deps) {
    const { workspaceId } = await workspaceOf(request, deps);
    const id = request.params["prompt_id"] ?? "";
    if (!(await deletePrompt(deps.tenancy.storage, workspaceId, id))) throw notFound("Prompt", id);
    return { kind: "json", body: { type: "console_prompt_deleted", id } };
  },
});
