import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "../api/api-error.ts";

const STALE_MS = 15_000;
const TRIES_MAX = 2;

/** `onSignedOut` is called when the server says that the session is over, wherever it was noticed. */
export function createQueryClient(onSignedOut: () => void): QueryClient {
  const onError = (error: unknown) => {
    if (error instanceof ApiError && error.status === 401 && error.code !== "second_factor_required") onSignedOut();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError: (error, query) => query.meta?.["isSignIn"] !== true && onError(error) }),
    mutationCache: new MutationCache({
      onError: (error, _variables, _context, mutation) => mutation.meta?.["isSignIn"] !== true && onError(error),
    }),
    defaultOptions: {
      queries: {
        staleTime: STALE_MS,
        // What the server refuses it refuses again.
        retry: (failures, error) =>
          failures < TRIES_MAX && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
      },
    },
  });
}
