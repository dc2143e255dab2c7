import { useMutation, useQueryClient } from "@tanstack/react-query";
import { API_KEYS, updateApiKey } from "../../api/api-keys.ts";
import { useToast } from "../../ui/toasts.tsx";

export interface KeyChange {
  readonly id: string;
  readonly change: Parameters<typeof updateApiKey>[1];
  /** What to say when it is done. */
  readonly said: string;
}

export function useUpdateKey() {
  const queryClient = useQueryClient();
  const toast = useToast();
  return useMutation({
    mutationFn: ({ id, change }: KeyChange) => updateApiKey(id, change),
    onSuccess: async (_key, { said }) => {
      await queryClient.invalidateQueries({ queryKey: API_KEYS });
      toast(said);
    },
  });
}
