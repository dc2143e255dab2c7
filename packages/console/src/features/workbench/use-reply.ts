import { useCallback, useEffect, useRef, useState } from "react";
import type { Reply } from "./reply.ts";

/**
 * A reply on the page. Events are gathered and shown once a frame: a fast model does not make the page draw more often than the
 * screen does.
 */
export function useReply() {
  const [reply, setReply] = useState<Reply | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isRunning, setRunning] = useState(false);
  const controller = useRef<AbortController | null>(null);
  const stop = useCallback(() => controller.current?.abort(), []);
  useEffect(() => () => controller.current?.abort(), []);

  /** Resolves with the reply when it is complete or was stopped; null when it failed. */
  const run = useCallback(async (body: object, workspaceId: string | null): Promise<Reply | null> => {
    controller.current?.abort();
    const mine = new AbortController();
    controller.current = mine;
    let current: Reply | null = null;
    let frame = 0;
    const show = () => {
      frame = 0;
      setReply(current);
    };
    setReply(null);
    setError(null);
    setRunning(true);
    try {
      // With the first question: the first page has a field to ask one, and comes without what reads replies.
      const { streamReply } = await import("./stream-reply.ts");
      return await streamReply(body, {
        workspaceId,
        signal: mine.signal,
        onReply(grown) {
          current = grown;
          frame ||= requestAnimationFrame(show);
        },
      });
    } catch (thrown) {
      setError(thrown);
      return null;
    } finally {
      cancelAnimationFrame(frame);
      if (controller.current === mine) {
        setReply(current);
        setRunning(false);
      }
    }
  }, []);

  const clear = useCallback(() => {
    controller.current?.abort();
    controller.current = null;
    setReply(null);
    setError(null);
    setRunning(false);
  }, []);

  return { reply, error, isRunning, run, stop, clear };
}
