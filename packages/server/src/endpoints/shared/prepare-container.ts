import { type CountTokensRequest, toolName } from "@parley/wire";
import type { Principal } from "../../auth/principal.ts";
import { storageRefused } from "../../retention/create-data-policy.ts";
import type { ContainerReference } from "../../turn/turn.ts";
import type { EndpointDeps } from "../deps.ts";

/** The container that a request names, null where it names none. Throws `not_found_error` for one that is not the workspace's. */
export async function prepareContainer(
  { container, tools = [] }: CountTokensRequest,
  principal: Principal,
  keepsNothing: boolean,
  { containers }: Pick<EndpointDeps, "containers">,
): Promise<ContainerReference | null> {
  const id = typeof container === "string" ? container : (container?.id ?? null);
  const runsCode = tools.some((tool) => toolName(tool) === "code_execution");
  if (keepsNothing && (id !== null || runsCode)) throw storageRefused("Containers");
  if (id === null) return null;
  const { expiresAt } = await containers.get(principal, id);
  return { id, expiresAtMs: expiresAt.getTime() };
}
