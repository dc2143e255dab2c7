import { fail } from "../../platform/fail.ts";
import { isAdministrator, toAdminPrincipal } from "../../sign-in/to-admin-principal.ts";
import type { SessionPrincipal } from "../../sign-in/sessions.ts";
import { changeAudited } from "../../storage/audit-log.ts";
import { findFirstOrganization } from "../../storage/organizations.ts";
import { toAuditedAct } from "../../tenancy/tenancy-deps.ts";
import type { SessionRequest } from "../define-endpoint.ts";
import type { EndpointDeps } from "../deps.ts";

type Steering = "model.load" | "model.unload" | "model.pull" | "model.pull_stop" | "routes.reload";

/** Whether somebody may say what this server's memory and disk are used for: an administrator of the organization that owns it. */
export async function maySteerModels({ tenancy }: EndpointDeps, session: SessionPrincipal): Promise<boolean> {
  if (!isAdministrator(session)) return false;
  return (await findFirstOrganization(tenancy.storage))?.organizationId === session.organizationId;
}

/** Does it for whoever may, and says so on the audit log. */
export async function steerModels(
  { session, params, requestId }: SessionRequest,
  deps: EndpointDeps,
  action: Steering,
  steer: (weights: string) => Promise<void>,
): Promise<void> {
  const admin = toAdminPrincipal(session);
  if (!(await maySteerModels(deps, session))) {
    throw fail("permission_error", {
      public: "Only administrators of the organization that owns this server may change its models.",
    });
  }
  const weights = params["weights"] ?? "";
  const target = action === "routes.reload" ? { type: "server", id: "routes" } : { type: "model", id: weights };
  await changeAudited(
    deps.tenancy.storage,
    "steer models",
    toAuditedAct(deps.tenancy, { ...admin, requestId }),
    async (_, record) => {
      await record({ action, target, before: null, after: null });
      // What is refused is undone with its row.
      await steer(weights);
    },
  );
}
