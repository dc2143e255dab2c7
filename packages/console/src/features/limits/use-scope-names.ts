import type { SpendLimitScope } from "@parley/wire";
import { useInfiniteQuery } from "@tanstack/react-query";
import { apiKeysQuery } from "../../api/api-keys.ts";
import { usersQuery } from "../../api/members.ts";
import { useWorkspaces } from "../../api/workspaces.ts";
import { isAdministrator, useSession } from "../../app/use-session.ts";
import type { Choice } from "../../ui/field.tsx";

export interface ScopeNames {
  readonly workspaces: readonly Choice[];
  readonly apiKeys: readonly Choice[];
  readonly users: readonly Choice[];
  readonly nameOf: (scope: SpendLimitScope) => string | null;
  /** Of a workspace, a key or a person; null: of none that can be seen. */
  readonly nameById: (id: string) => string | null;
}

/** What limits may be for, as people call it. */
export function useScopeNames(): ScopeNames {
  const spaces = useWorkspaces();
  const enabled = isAdministrator(useSession());
  const keys = useInfiniteQuery({ ...apiKeysQuery({ workspaceId: null, status: null }), enabled });
  const people = useInfiniteQuery({ ...usersQuery, enabled });
  const workspaces = spaces.map(({ id, name }) => ({ value: id, label: name }));
  const apiKeys = (keys.data?.pages ?? []).flatMap((page) => page.data.map(({ id, name }) => ({ value: id, label: name })));
  const users = (people.data?.pages ?? []).flatMap((page) => page.data.map(({ id, name }) => ({ value: id, label: name })));
  const nameById = (id: string) => [...workspaces, ...apiKeys, ...users].find(({ value }) => value === id)?.label ?? null;
  const named = (choices: readonly Choice[], id: string) => choices.find(({ value }) => value === id)?.label ?? id;
  return {
    workspaces,
    apiKeys,
    users,
    nameById,
    nameOf: (scope) => {
      if (scope.type === "workspace") return named(workspaces, scope.workspace_id);
      if (scope.type === "api_key") return named(apiKeys, scope.api_key_id);
      return scope.type === "user" ? named(users, scope.user_id) : null;
    },
  };
}
