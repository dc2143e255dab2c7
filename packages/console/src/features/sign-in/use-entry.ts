import { ConsoleSession } from "@parley/wire";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { call } from "../../api/call.ts";
import { sessionQuery } from "../../api/session.ts";

/** Posts a form that begins a session, and goes on to `next`. */
export function useEntry(path: string, next = "/") {
  const queryClient = useQueryClient();
  const router = useRouter();
  return useMutation({
    meta: { isSignIn: true },
    mutationFn: (body: Readonly<Record<string, string>>) => call(ConsoleSession, path, { method: "POST", body }),
    onSuccess: async (session) => {
      queryClient.clear();
      queryClient.setQueryData(sessionQuery.queryKey, session);
      await router.navigate({ to: next, replace: true });
    },
  });
}
