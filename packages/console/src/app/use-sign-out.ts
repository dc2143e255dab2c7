import { ConsoleDone } from "@parley/wire";
import { useQueryClient } from "@tanstack/react-query";
import { call } from "../api/call.ts";

/** Ends the session. The page is loaded anew, so that nothing that was seen stays in its memory. */
export function useSignOut(): () => void {
  const queryClient = useQueryClient();
  return () =>
    void call(ConsoleDone, "/console/api/sign-out", { method: "POST" })
      .catch(() => undefined)
      .then(() => {
        queryClient.clear();
        window.location.assign("/console/sign-in");
      });
}
