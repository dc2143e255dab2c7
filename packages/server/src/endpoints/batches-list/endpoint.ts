import { MessageBatchPage } from "@parley/wire";
import { z } from "zod";
import { defineEndpoint } from "../define-endpoint.ts";
import { toBatch } from "../shared/batch-reply.ts";
import { PAGE_QUERY, parsePageQuery, toPageBody } from "../shared/page-query.ts";

export const batchesList = defineEndpoint({
  name: "batches-list",
  summary: "List batches, newest first",
  method: "GET",
  path: "/v1/messages/batches",
  permission: "workspace",
  query: z.object(PAGE_QUERY),
  reply: { schema: MessageBatchPage },
  async handle(request, { batches }) {
    const page = await batches.page(request.principal, parsePageQuery(request.query));
    return { kind: "json", body: toPageBody(page, (row) => toBatch(row, request)) };
  },
});
