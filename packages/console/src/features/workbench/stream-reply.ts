import { send } from "../../api/call.ts";
import { applyEvent, beginReply, endReply, type Reply } from "./reply.ts";

/**
 * Asks for a message and follows its stream; `onReply` sees the reply grow. Resolves with it when it is complete, or as far as
 * it came when `signal` stopped it; throws `ApiError`, after `onReply` has seen all that came.
 */
export async function streamReply(
  body: object,
  {
    workspaceId,
    signal,
    onReply,
  }: {
    readonly workspaceId: string | null;
    readonly signal: AbortSignal;
    readonly onReply: (reply: Reply) => void;
  },
): Promise<Reply> {
  let reply = beginReply(performance.now());
  const settle = (): Reply => {
    reply = endReply(reply, performance.now());
    onReply(reply);
    return reply;
  };
  try {
    // The schemas of a stream are not wanted before somebody sends something.
    const { readStream } = await import("../../api/read-stream.ts");
    const response = await send("/v1/messages", { method: "POST", body: { ...body, stream: true }, workspaceId, signal });
    for await (const event of readStream(response)) {
      reply = applyEvent(reply, event, performance.now());
      onReply(reply);
    }
    return settle();
  } catch (thrown) {
    settle();
    if (signal.aborted) return reply;
    throw thrown;
  }
}
