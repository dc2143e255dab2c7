import { UserError } from "./cli-context.ts";

interface Question extends RequestInit {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** Asks the server that the person named, and nobody that it sends elsewhere. Throws a UserError where nobody answers. */
export async function askServer(url: string, { signal, timeoutMs, ...init }: Question): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("user-agent", "parley-cli");
  try {
    // oxlint-disable-next-line no-restricted-globals -- the server that the person named
    return await fetch(url, {
      ...init,
      headers,
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
  } catch (error) {
    if (signal.aborted) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new UserError(`${new URL(url).origin} cannot be reached: ${cause}`, { cause: error });
  }
}
