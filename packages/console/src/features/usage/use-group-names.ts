import { useInfiniteQuery } from "@tanstack/react-query";
import { apiKeysQuery } from "../../api/api-keys.ts";
import { useWorkspaces } from "../../api/workspaces.ts";
import { isAdministrator, useSession } from "../../app/use-session.ts";
import { text } from "./text.ts";

/** Ids of a report as people call them. */
export function useGroupNames(): (group: string, id: string | null) => string {
  const workspaces = useWorkspaces();
  const keys = useInfiniteQuery({
    ...apiKeysQuery({ workspaceId: null, status: null }),
    enabled: isAdministrator(useSession()),
  });
  const names = new Map([
    ...workspaces.map(({ id, name }) => [id, name] as const),
    ...(keys.data?.pages ?? []).flatMap((page) => page.data.map(({ id, name }) => [id, name] as const)),
  ]);
  return (group, id) => {
    if (id === null) return text.nameless[group] ?? text.none;
    return names.get(id) ?? text.tokenTypes[id] ?? id;
  };
}
