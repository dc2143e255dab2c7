import type { ConsolePromptCase } from "@parley/wire";
import { useEffect, useRef, useState } from "react";
import { type Settings, toRequest } from "./settings.ts";
import { streamReply } from "./stream-reply.ts";
import { fillVariables } from "./variables.ts";

/** As many at once: a small machine has few slots, and somebody else may want one. */
const AT_ONCE = 2;

export interface CaseState {
  readonly isRunning: boolean;
  readonly error: unknown;
}

/** Runs a prompt over a table of values. */
export function useEvaluation({
  settings,
  message,
  version,
  workspaceId,
  onResult,
}: {
  readonly settings: Settings;
  readonly message: string;
  readonly version: number | null;
  readonly workspaceId: string | null;
  readonly onResult: (id: string, result: Pick<ConsolePromptCase, "output" | "output_tokens" | "version" | "rating">) => void;
}) {
  const [states, setStates] = useState<Readonly<Record<string, CaseState>>>({});
  const controller = useRef<AbortController | null>(null);
  useEffect(() => () => controller.current?.abort(), []);
  const setState = (id: string, state: CaseState) => setStates((before) => ({ ...before, [id]: state }));

  async function runCase({ id, values }: ConsolePromptCase, signal: AbortSignal): Promise<void> {
    setState(id, { isRunning: true, error: null });
    const text = fillVariables(message, values);
    const body = toRequest(settings, [{ id: 0, role: "user", text, results: [] }], values);
    try {
      const reply = await streamReply(body, { workspaceId, signal, onReply: () => {} });
      if (!signal.aborted) {
        const output = reply.blocks.map((block) =>
          block.type === "text" ? block.text : block.type === "tool_use" ? block.json : "",
        );
        // A rating is of what was rated.
        onResult(id, { output: output.join(""), output_tokens: reply.outputTokens, version, rating: null });
      }
      setState(id, { isRunning: false, error: null });
    } catch (error) {
      setState(id, { isRunning: false, error });
    }
  }

  return {
    states,
    isRunning: Object.values(states).some(({ isRunning }) => isRunning),
    run: async (cases: readonly ConsolePromptCase[]): Promise<void> => {
      controller.current?.abort();
      const mine = new AbortController();
      controller.current = mine;
      const queue = [...cases];
      const work = async () => {
        for (let next = queue.shift(); next && !mine.signal.aborted; next = queue.shift()) await runCase(next, mine.signal);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    },
    stop: () => controller.current?.abort(),
  };
}
