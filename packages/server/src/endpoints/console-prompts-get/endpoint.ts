import { ConsolePrompt } from "@parley/wire";
import { z } from "zod";
import { defineEndpoint } from "../define-endpoint.ts";
import { refuseQuery } from "../shared/page-query.ts";
import { refuseUnknownKeys } from "../shared/report-query.ts";
import { requirePrompt, workspaceOf } from "../shared/console-prompts.ts";

const QUERY = { version: z.int().min(1).optional() };

export const consolePromptsGet = defineEndpoint({
  name: "console-prompts-get",
  summary: "A prompt with its test cases, in its newest version or another",
  method: "GET",
  path: "/console/api/prompts/:prompt_id",
  permission: "session",
  query: z.object(QUERY),
  reply: { schema: ConsolePrompt },
  async handle(request, deps) {
    const { workspaceId } = await workspaceOf(request, deps);
    refuseUnknownKeys(request.query, Object.keys(QUERY));
    const asked = request.query.get("version");
    if (asked !== null && !/^[1-9]\d{0,8}$/.test(asked)) throw refuseQuery("version", "Input should be a valid integer");
    const version = asked === null ? null : Number(asked);
    const body = await requirePrompt(deps, workspaceId, request.params["prompt_id"] ?? "", version);
    return { kind: "json", headers: { "cache-control": "no-store" }, body };
  },
});
