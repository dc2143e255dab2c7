import type { DecodeEvent, DecodeRequest } from "../backend.ts";
import type { ChildConnection } from "./child-connection.ts";

/** One decode as a generator. Leaving it, or the signal, cancels in the child; the next call on the slot waits there. */
export async function* decodeStream(
  connection: ChildConnection,
  request: DecodeRequest,
  signal: AbortSignal,
): AsyncGenerator<DecodeEvent, void, void> {
  signal.throwIfAborted();
  const arrived: DecodeEvent[] = [];
  let failure: { readonly error: unknown } | null = null;
  let wake = () => {};
  const fail = (error: unknown) => {
    failure ??= { error };
    wake();
  };
  const cancel = connection.decode(
    { ...request, tokens: Uint32Array.from(request.tokens) },
    {
      event: (event) => {
        arrived.push(event);
        wake();
      },
      fail,
    },
  );
  const onAbort = () => {
    cancel();
    fail(signal.reason);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    while (true) {
      // What had arrived before a failure is still told, but nothing after an abort.
      const event = signal.aborted ? undefined : arrived.shift();
      if (event) {
        yield event;
        if (event.type === "end") return;
      } else if (failure !== null) {
        throw (failure as { readonly error: unknown }).error;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    cancel();
  }
}
