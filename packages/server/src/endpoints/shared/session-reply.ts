import type { ConsoleAbility, ConsoleSession } from "@parley/wire";
import { REAUTHENTICATION_MS } from "../../sign-in/sessions.ts";
import type { NewSession, SessionPrincipal } from "../../sign-in/sessions.ts";
import type { ClientTrace } from "../../sign-in/create-sign-in.ts";
import type { Proofs } from "../../sign-in/create-accounts.ts";
import type { EndpointReply, EndpointRequest } from "../define-endpoint.ts";
import type { EndpointDeps } from "../deps.ts";
import { sessionCookie } from "./session-cookie.ts";

/** The session as its own page sees it. */
export function toConsoleSession(
  session: Pick<SessionPrincipal, "person" | "authenticatedAtMs">,
  { hasSecondFactor, confirmWith, may }: Proofs & { readonly may: readonly ConsoleAbility[] },
): ConsoleSession {
  const { id, email, name, role, organizationId } = session.person;
  return {
    type: "console_session",
    person: { id, email, name, role },
    organization_id: organizationId,
    may: [...may],
    second_factor: hasSecondFactor,
    confirm_with: [...confirmWith],
    authenticated_until: new Date(session.authenticatedAtMs + REAUTHENTICATION_MS).toISOString(),
  };
}

/** The reply of a sign-in: the session, and its cookie. */
export async function replyWithSession(
  begun: NewSession,
  { accounts, clock }: Pick<EndpointDeps, "accounts" | "clock">,
  { origin }: Pick<EndpointRequest, "origin">,
): Promise<EndpointReply> {
  const { person } = begun;
  const [proofs, may] = await Promise.all([accounts.proofsOf(person.id), accounts.abilitiesOf(person)]);
  return {
    kind: "json",
    headers: { "set-cookie": sessionCookie(begun, origin), "cache-control": "no-store" },
    body: toConsoleSession({ person, authenticatedAtMs: clock.nowMs() }, { ...proofs, may }),
  };
}

export function traceOf(request: Pick<EndpointRequest, "networkAddress" | "headers" | "requestId">): ClientTrace {
  const { networkAddress, headers, requestId } = request;
  return { networkAddress, userAgent: headers["user-agent"] ?? null, requestId };
}

/** A body of the Console is small. */
export const CONSOLE_BODY_MAX_BYTES = 64 * 1024;
