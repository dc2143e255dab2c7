import { ModelLifecycle, ModelPage, type ModelInfo } from "@parley/wire";
import { z } from "zod";
import { fail } from "../../platform/fail.ts";
import { defineEndpoint } from "../define-endpoint.ts";

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 1000;

const Query = z.object({
  before_id: z.string().optional(),
  after_id: z.string().optional(),
  limit: z.int().min(1).max(LIMIT_MAX).optional(),
  "lifecycle[]": z.array(ModelLifecycle).optional(),
});

export const modelsList = defineEndpoint({
  name: "models-list",
  summary: "List models, newest first",
  method: "GET",
  path: "/v1/models",
  permission: "workspace",
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

interface ListQuery {
  readonly limit: number;
  readonly beforeId: string | null;
  readonly afterId: string | null;
  readonly lifecycles: readonly string[] | null;
}

function parseQuery(query: URLSearchParams): ListQuery {
  const limit = query.get("limit") ?? String(LIMIT_DEFAULT);
  if (!/^-?\d+$/.test(limit)) throw refuse("limit", "Input should be a valid integer, unable to parse string as an integer");
  if (Number(limit) < 1) throw refuse("limit", "Input should be greater than or equal to 1");
  if (Number(limit) > LIMIT_MAX) throw refuse("limit", `Input should be less than or equal to ${LIMIT_MAX}`);
  const lifecycles = query.getAll("lifecycle[]");
  for (const [index, lifecycle] of lifecycles.entries()) {
    if (!ModelLifecycle.safeParse(lifecycle).success) {
      throw refuse(`lifecycle.${index}`, "Input should be 'active', 'deprecated' or 'retired'");
    }
  }
  const [beforeId, afterId] = [query.get("before_id"), query.get("after_id")];
  if (beforeId !== null && afterId !== null) throw refuse("after_id", "Only one of `before_id` and `after_id` may be given");
  return { limit: Number(limit), beforeId, afterId, lifecycles: lifecycles.length > 0 ? lifecycles : null };
}

function toPage(models: readonly ModelInfo[], { limit, beforeId, afterId }: ListQuery): ModelPage {
  const indexOf = (id: string, name: string): number => {
    const index = models.findIndex((model) => model.id === id);
    if (index < 0) throw refuse(name, `no model has the id '${id}'`);
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
  const data = models.slice(start, end);
  return {
    data,
    has_more: beforeId === null ? end < models.length : start > 0,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
}

function refuse(path: string, text: string) {
  return fail("invalid_request_error", { public: `${path}: ${text}` });
}
