import type { LateReply, MadeReply, StreamPart } from "../endpoints/define-endpoint.ts";

/** The reply where it is made within `ms`, else a stream that waits for it: what fails from then on is an `error` event. */
export async function takeLateReply({ reply }: LateReply, ms: number): Promise<MadeReply> {
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), ms);
  const made = await Promise.race([reply, late]).finally(() => clearTimeout(timer));
  return made ?? { kind: "stream", parts: partsOf(reply) };
}

async function* partsOf(reply: Promise<MadeReply>): AsyncGenerator<StreamPart, void, void> {
  const made = await reply;
  if (made.kind === "stream") yield* made.parts;
  // A reply that was stored as it was streamed.
  else if (made.kind === "raw") yield { frames: Buffer.from(made.body).toString("utf8") };
  else throw new Error(`a stream was asked for, and ${made.kind} was made`);
}
