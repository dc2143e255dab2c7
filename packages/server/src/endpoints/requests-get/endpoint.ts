import { LoggedRequest } from "@parley/wire";
import { findRequest } from "../../storage/request-log.ts";
import { notFound } from "../../tenancy/not-found.ts";
import { defineEndpoint } from "../define-endpoint.ts";
import { idOf } from "../shared/admin-request.ts";
import { toLoggedRequest } from "../shared/request-objects.ts";

const WHAT = "Request";

/** Parley's own, in the platform's manner. */
export const requestsGet = defineEndpoint({
  name: "requests-get",
  summary: "Get one request for a turn",
  method: "GET",
  path: "/v1/organizations/requests/:request_id",
  permission: "admin",
  reply: { schema: LoggedRequest },
  async handle(request, { tenancy }) {
    const id = idOf(request, "request_id", WHAT);
    const row = await findRequest(tenancy.storage, request.admin.organizationId, id);
    if (!row) throw notFound(WHAT, id);
    return { kind: "json", body: toLoggedRequest(row) };
  },
});
