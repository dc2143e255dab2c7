import { fail } from "../../platform/fail.ts";
import type { EndpointDeps } from "../deps.ts";

/** The same of a body that is passed on as it is, to an upstream whose containers and skills are the operator's. */
export function assertNamesNoContainer({ container }: { readonly container?: unknown }): void {
  if (container !== undefined && container !== null) throw refusal();
}

/** For who may use models and nothing that the workspace keeps: a request that names a file, a container or a skill is refused. */
export function withoutStored<Deps extends Pick<EndpointDeps, "files" | "containers" | "skills">>(deps: Deps): Deps {
  const refuse = async (): Promise<never> => {
    throw refusal();
  };
  return {
    ...deps,
    files: { ...deps.files, find: refuse },
    containers: { get: refuse },
    skills: { ...deps.skills, resolve: refuse },
  };
}

function refusal() {
  return fail("permission_error", {
    public: "This sign-in is for Claude Code: its requests may name no files, containers or skills of the workspace.",
  });
}
