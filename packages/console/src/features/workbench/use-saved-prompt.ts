import type { ConsolePrompt, ConsolePromptCase, ConsolePromptContent } from "@parley/wire";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { PROMPTS, updatePrompt } from "../../api/prompts.ts";
import type { KeptWorkbench } from "./kept-workbench.ts";

export type SavedPrompt = ReturnType<typeof useSavedPrompt>;

/** The saved prompt on which the Workbench works, if any; at first the one that was open before. */
export function useSavedPrompt(workspaceId: string | null, before: Pick<KeptWorkbench, "prompt" | "version"> | null) {
  const queryClient = useQueryClient();
  const [prompt, setPrompt] = useState(before?.prompt ?? null);
  /** The one whose content was opened or saved last. */
  const [version, setVersion] = useState(before?.version ?? null);

  function take(taken: ConsolePrompt): void {
    setPrompt(taken);
    void queryClient.invalidateQueries({ queryKey: PROMPTS });
  }
  const save = useMutation({
    mutationFn: ({ id, content }: { readonly id: string; readonly content: ConsolePromptContent }) =>
      updatePrompt(workspaceId, id, { content }),
    onSuccess(saved) {
      take(saved);
      setVersion(saved.version);
    },
  });
  const saveCases = useMutation({
    mutationFn: ({ id, cases }: { readonly id: string; readonly cases: readonly ConsolePromptCase[] }) =>
      updatePrompt(workspaceId, id, { cases: [...cases] }),
    onSuccess: take,
  });

  return {
    prompt,
    version,
    save,
    saveCases,
    open(opened: ConsolePrompt): void {
      take(opened);
      setVersion(opened.version);
    },
    close() {
      setPrompt(null);
      setVersion(null);
    },
  };
}
