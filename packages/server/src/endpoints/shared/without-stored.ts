import { fail } from "../../platform/fail.ts";
import type { EndpointDeps } from "../deps.ts";

/** For who may use models and nothing that the workspace keeps: a request that names a file, a container or a skill is refused. */
export function withoutStored<Deps extends Pick<EndpointDeps, "files" | "containers" | "skills">>(deps: Deps): Deps {
  const refuse = async (): Promise<never> => {
    throw fail("permission_error", {
      public: "This sign-in is for Claude Code: its requests may name no files, containers or skills of the workspace.",
    });
  };
  return {
    ...deps,
    files: { ...deps.files, find: refuse },
    containers: { get: refuse },
    skills: { ...deps.skills, resolve: refuse },
  };
}
