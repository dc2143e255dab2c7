import { ConsolePromptList } from "@parley/wire";
import { listPrompts } from "../../storage/prompts.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { PROMPTS_MAX, workspaceOf } from "../shared/console-prompts.ts";

export const consolePromptsList = defineEndpoint({
  name: "console-prompts-list",
  summary: "Prompts that a workspace keeps",
  method: "GET",
  path: "/console/api/prompts",
  permission: "session",
  reply: { schema: ConsolePromptList },
  async handle(request, deps) {
    const { workspaceId } = await workspaceOf(request, deps);
    const rows = await listPrompts(deps.tenancy.storage, workspaceId, PROMPTS_MAX);
    return {
      kind: "json",
      headers: { "cache-control": "no-store" },
      body: {
        data: rows.map(({ id, name, version, updatedAt }) => ({
          type: "console_prompt_summary",
          id,
          name,
          version,
          updated_at: updatedAt.toISOString(),
        })),
      },
    };
  },
});
