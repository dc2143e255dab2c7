import type { ConsoleAbility, ConsoleSession } from "@parley/wire";
import { useQuery } from "@tanstack/react-query";
import { sessionQuery } from "../api/session.ts";

/** The session of a page that only signed-in people see. */
export function useSession(): ConsoleSession {
  const { data } = useQuery(sessionQuery);
  if (!data) throw new Error("nobody is signed in");
  return data;
}

/** What to show; what may be done the server decides. */
export const may = (session: ConsoleSession, ability: ConsoleAbility): boolean => session.may.includes(ability);

export const isAdministrator = (session: ConsoleSession): boolean => may(session, "administer");
