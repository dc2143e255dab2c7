import { ModelLifecycle, ModelPage, type ModelInfo } from "@parley/wire";
import { z } from "zod";
import type { PageRequest } from "../../storage/select-page.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { PAGE_QUERY, parsePageQuery, refuseQuery, toPageBody } from "../shared/page-query.ts";

const Query = z.object({
  ...PAGE_QUERY,
  "lifecycle[]": z.array(ModelLifecycle).optional(),
});

export const modelsList = defineEndpoint({
  name: "models-list",
  summary: "List models, newest first",
  method: "GET",
  path: "/v1/models",
  permission: "workspace",
  forClaudeCode: true,
  query: Query,
  reply: { schema: ModelPage },
  async handle(request, { models }) {
    const query = parseQuery(request.query);
    const all = await models.list();
    return {
      kind: "json",
      body: toPage(query.lifecycles ? all.filter((model) => query.lifecycles?.includes(model.lifecycle)) : all, query),
    };
  },
});

interface ListQuery extends PageRequest {
  readonly lifecycles: readonly string[] | null;
}

function parseQuery(query: URLSearchParams): ListQuery {
  const lifecycles = query.getAll("lifecycle[]");
  for (const [index, lifecycle] of lifecycles.entries()) {
    if (!ModelLifecycle.safeParse(lifecycle).success) {
      throw refuseQuery(`lifecycle.${index}`, "Input should be 'active', 'deprecated' or 'retired'");
    }
  }
  return { ...parsePageQuery(query), lifecycles: lifecycles.length > 0 ? lifecycles : null };
}

function toPage(models: readonly ModelInfo[], { limit, beforeId, afterId }: ListQuery): ModelPage {
  const indexOf = (id: string, name: string): number => {
    const index = models.findIndex((model) => model.id === id);
    if (index < 0) throw refuseQuery(name, `no model has the id '${id}'`);
    return index;
  };
  let start = 0;
  let end = models.length;
  if (beforeId !== null) {
    end = indexOf(beforeId, "before_id");
    start = Math.max(0, end - limit);
  } else {
    if (afterId !== null) start = indexOf(afterId, "after_id") + 1;
    end = Math.min(models.length, start + limit);
  }
  const hasMore = beforeId === null ? end < models.length : start > 0;
  return toPageBody({ rows: models.slice(start, end), hasMore }, (model) => model);
}
