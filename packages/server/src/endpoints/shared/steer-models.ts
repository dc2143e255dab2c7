import { fail } from "../../platform/fail.ts";
import { isAdministrator, toAdminPrincipal } from "../../sign-in/to-admin-principal.ts";
import type { SessionPrincipal } from "../../sign-in/sessions.ts";
import { changeAudited } from "../../storage/audit-log.ts";
import { findFirstOrganization } from "../../storage/organizations.ts";
import type { Queries } from "../../storage/storage.ts";
import { toAuditedAct } from "../../tenancy/tenancy-deps.ts";
import type { SessionRequest } from "../define-endpoint.ts";
import type { EndpointDeps } from "../deps.ts";

type Steering =
  | "model.load"
  | "model.unload"
  | "model.pull"
  | "model.pull_stop"
  | "routes.reload"
  | "upstream.drain"
  | "upstream.resume";

/** Whether somebody may say what this server's memory and disk are used for: an administrator of the organization that owns it. */
export async function maySteerModels({ tenancy }: EndpointDeps, session: SessionPrincipal): Promise<boolean> {
  if (!isAdministrator(session)) return false;
  return (await findFirstOrganization(tenancy.storage))?.organizationId === session.organizationId;
}

/** Does it for whoever may, and says so on the audit log. `steer` gets what the path names, and the transaction of the log's row. */
export async function steerModels(
  { session, params, requestId }: SessionRequest,
  deps: EndpointDeps,
  action: Steering,
  steer: (name: string, queries: Queries) => Promise<void>,
): Promise<void> {
  const admin = toAdminPrincipal(session);
  if (!(await maySteerModels(deps, session))) {
    throw fail("permission_error", {
      public: "Only administrators of the organization that owns this server may change its models.",
    });
  }
  const target = targetOf(action, params);
  await changeAudited(
    deps.tenancy.storage,
    "steer models",
    toAuditedAct(deps.tenancy, { ...admin, requestId }),
    async (queries, record) => {
      await record({ action, target, before: null, after: null });
      // What is refused is undone with its row.
      await steer(target.id, queries);
    },
  );
}

function targetOf(action: Steering, params: SessionRequest["params"]): { readonly type: string; readonly id: string } {
  switch (action) {
    case "routes.reload":
      return { type: "server", id: "routes" };
    case "upstream.drain":
    case "upstream.resume":
      return { type: "upstream", id: params["upstream"] ?? "" };
    default:
      return { type: "model", id: params["weights"] ?? "" };
  }
}
