import { type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query";
import { useFault, useToast } from "../ui/toasts.tsx";
import { editRow, type RowEdit } from "./edit-row.ts";

export interface RowChange<Row, Variables> {
  /** As the server names what changes: how the keys of its queries begin. */
  readonly topic: QueryKey;
  readonly run: (variables: Variables) => Promise<unknown>;
  /** What to say when it is done. */
  readonly said: (variables: Variables) => string;
  /**
   * How the row will be, which is shown before the server has answered. Null: nothing is, as with what ends somebody's access;
   * then whoever asked shows what the server refused, too.
   */
  readonly ahead: ((variables: Variables) => RowEdit<Row>) | null;
  readonly onDone?: (() => void) | undefined;
}

/** Changes a row of a list. What was shown ahead is taken back when the server refuses it, and its reason is shown. */
export function useRowChange<Row, Variables>({ topic, run, said, ahead, onDone }: RowChange<Row, Variables>) {
  const queryClient = useQueryClient();
  const toast = useToast();
  const showFault = useFault();
  return useMutation({
    mutationFn: run,
    onMutate: async (variables) => {
      if (ahead === null) return [];
      // What is on its way was read before the change.
      await queryClient.cancelQueries({ queryKey: topic });
      const before = queryClient.getQueriesData({ queryKey: topic });
      queryClient.setQueriesData({ queryKey: topic }, (data: unknown) => editRow(data, ahead(variables)));
      return before;
    },
    onSuccess: (_reply, variables) => {
      toast(said(variables));
      onDone?.();
    },
    onError: (error, _variables, before = []) => {
      if (ahead === null) return;
      for (const [key, data] of before) queryClient.setQueryData(key, data);
      showFault(error);
    },
    onSettled: () => void queryClient.invalidateQueries({ queryKey: topic }),
  });
}
