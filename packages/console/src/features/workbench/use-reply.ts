import { useCallback, useEffect, useRef, useState } from "react";
import { send } from "../../api/call.ts";
import { applyEvent, beginReply, endReply, type Reply } from "./reply.ts";

/**
 * Asks for a message and follows its stream. Events are gathered and shown once a frame: a fast model does not make the page
 * draw more often than the screen does.
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
    let current = beginReply(performance.now());
    let frame = 0;
    const show = () => {
      frame = 0;
      setReply(current);
    };
    setReply(null);
    setError(null);
    setRunning(true);
    try {
      // The schemas of a stream are not wanted before somebody sends something.
      const { readStream } = await import("../../api/read-stream.ts");
      const response = await send("/v1/messages", {
        method: "POST",
        body: { ...body, stream: true },
        workspaceId,
        signal: mine.signal,
      });
      for await (const event of readStream(response)) {
        current = applyEvent(current, event, performance.now());
        frame ||= requestAnimationFrame(show);
      }
      return current;
    } catch (thrown) {
      if (mine.signal.aborted) return current;
      setError(thrown);
      return null;
    } finally {
      cancelAnimationFrame(frame);
      current = endReply(current, performance.now());
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
