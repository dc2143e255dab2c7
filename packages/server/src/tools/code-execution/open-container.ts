import type { ContainerReference } from "../../turn/turn.ts";
import { ServerToolError } from "../server-tool.ts";
import type { CodeCall, CodeRunnerDeps } from "./create-code-runner.ts";

/** The reply's container: the one that the request names, else a new one. */
export async function openContainer(
  { turn, container }: CodeCall,
  { sandbox, containers }: Pick<CodeRunnerDeps, "sandbox" | "containers">,
): Promise<ContainerReference> {
  if (sandbox === null) throw new ServerToolError("unavailable", "there is no sandbox");
  const { organizationId, current } = containerOf(turn);
  return container.open(async () => {
    if (current !== null) return current;
    const made = await containers.create({ organizationId, workspaceId: turn.workspaceId });
    return { id: made.id, expiresAtMs: made.expiresAt.getTime() };
  });
}

/** What a turn that may run code has. */
export function containerOf({ container, requestId }: CodeCall["turn"]) {
  if (container === undefined) throw new Error(`a turn without containers calls code: ${requestId}`);
  return container;
}
