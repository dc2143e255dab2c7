import type { CountTokensRequest } from "@parley/wire";
import type { Principal } from "../../auth/principal.ts";
import { fail } from "../../platform/fail.ts";
import type { TurnSkill } from "../../turn/turn.ts";
import type { EndpointDeps } from "../deps.ts";

/** The skills that a request puts into its container. Throws `not_found_error` for one that is not the workspace's. */
export async function prepareSkills(
  { container }: Pick<CountTokensRequest, "container">,
  principal: Principal,
  { skills }: Pick<EndpointDeps, "skills">,
): Promise<readonly TurnSkill[]> {
  const asked = (typeof container === "object" ? container?.skills : null) ?? [];
  if (asked.length === 0) return [];
  const found = await skills.resolve(
    principal,
    asked.map(({ type, skill_id: skillId, version }) => ({ type, skillId, ...(version === undefined ? {} : { version }) })),
  );
  // Each is a folder of its name.
  const twice = found.find(({ name }, at) => found.findIndex((each) => each.name === name) !== at);
  if (twice) {
    throw fail("invalid_request_error", {
      public: `container.skills: there is more than one skill with the name '${twice.name}'`,
    });
  }
  return found.map(({ id, version, skillId, name, description }, at) => ({
    type: asked[at]?.type ?? "custom",
    skillId,
    versionId: id,
    version,
    name,
    description,
  }));
}
