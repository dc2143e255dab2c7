import { useCallback, useEffect, useRef, useState } from "react";
import type { Reply } from "./reply.ts";
import { createReplyStore } from "./reply-store.ts";

/**
 * A reply on the page. Events are gathered and shown once a frame: a fast model does not make the page draw more often than the
 * screen does.
 */
export function useReply() {
  const [growing] = useState(createReplyStore);
  const [error, setError] = useState<unknown>(null);
  const [isRunning, setRunning] = useState(false);
  const controller = useRef<AbortController | null>(null);
  const stop = useCallback(() => controller.current?.abort(), []);
  useEffect(() => () => controller.current?.abort(), []);

  /** Resolves with the reply when it is complete or was stopped; null when it failed, or nobody wants it any more. */
  const run = useCallback(
    async (body: object, workspaceId: string | null): Promise<Reply | null> => {
      controller.current?.abort();
      const mine = new AbortController();
      controller.current = mine;
      let current: Reply | null = null;
      let frame = 0;
      const show = () => {
        frame = 0;
        growing.set(current);
      };
      growing.set(null);
      setError(null);
      setRunning(true);
      try {
        // With the first question: the first page has a field to ask one, and comes without what reads replies.
        const { streamReply } = await import("./stream-reply.ts");
        const reply = await streamReply(body, {
          workspaceId,
          signal: mine.signal,
          onReply(grown) {
            current = grown;
            frame ||= requestAnimationFrame(show);
          },
        });
        return controller.current === mine ? reply : null;
      } catch (thrown) {
        if (controller.current === mine) setError(thrown);
        return null;
      } finally {
        cancelAnimationFrame(frame);
        if (controller.current === mine) {
          growing.set(current);
          setRunning(false);
        }
      }
    },
    [growing],
  );

  const clear = useCallback(() => {
    controller.current?.abort();
    controller.current = null;
    growing.set(null);
    setError(null);
    setRunning(false);
  }, [growing]);

  return { growing, error, isRunning, run, stop, clear };
}
