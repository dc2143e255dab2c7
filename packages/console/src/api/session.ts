import { ConsoleDone, ConsoleSession, ConsoleSessionList, ConsoleSignInMethods } from "@parley/wire";
import { queryOptions } from "@tanstack/react-query";
import { ApiError } from "./api-error.ts";
import { call } from "./call.ts";

/** Who is signed in; null: nobody. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }): Promise<ConsoleSession | null> => {
    try {
      return await call(ConsoleSession, "/console/api/session", { signal });
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

export const signInMethodsQuery = queryOptions({
  queryKey: ["sign-in-methods"],
  queryFn: ({ signal }) => call(ConsoleSignInMethods, "/console/api/sign-in-methods", { signal }),
});

const SESSIONS_PATH = "/console/api/sessions";

/** Where the person is signed in, the session used last first. */
export const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: async ({ signal }) => (await call(ConsoleSessionList, SESSIONS_PATH, { signal })).data,
});

export const endSession = (id: string) => call(ConsoleDone, `${SESSIONS_PATH}/${encodeURIComponent(id)}`, { method: "DELETE" });
