import type { Clock } from "../platform/clock.ts";
import { fail } from "../platform/fail.ts";
import { newId } from "../platform/ids.ts";
import {
  findLiveSession,
  insertSession,
  listLiveSessions,
  markReauthenticated,
  revokeSessions,
  type SessionRow,
  touchSession,
} from "../storage/sessions.ts";
import type { Storage } from "../storage/storage.ts";
import { newSecret } from "./one-time-secret.ts";
import { hashSecret } from "../auth/hash-secret.ts";
import type { Person } from "../tenancy/create-people.ts";
import type { People } from "./people.ts";

const IDLE_MS = 12 * 3_600_000;
export const SESSION_LIFETIME_MS = 7 * 24 * 3_600_000;
/** How often a session that is in use is noted as such. */
const TOUCH_EVERY_MS = 60_000;
/** How long after proving who one is sensitive things may be done. */
export const REAUTHENTICATION_MS = 15 * 60_000;
const USER_AGENT_MAX = 300;

/** A signed-in person. */
export interface SessionPrincipal {
  readonly sessionId: string;
  readonly userId: string;
  readonly organizationId: string;
  readonly role: string;
  readonly person: Person;
  /** When the person last proved who they are. */
  readonly authenticatedAtMs: number;
}

export interface NewSession {
  /** The cookie's value; the only time that it is seen. */
  readonly token: string;
  readonly expiresAtMs: number;
  readonly person: Person;
}

export interface Sessions {
  /** `authenticatedAtMs`: when the person proved who they are, where that was not just now. */
  begin(person: Person, userAgent: string | null, authenticatedAtMs?: number): Promise<NewSession>;
  /** Throws `authentication_error` for a session that is unknown, over or revoked, or whose person is gone. */
  resolve(token: string): Promise<SessionPrincipal>;
  /** Whether it still is one; asking does not keep it from lapsing, so an open page alone keeps nobody signed in. */
  isLive(token: string): Promise<boolean>;
  end(token: string): Promise<void>;
  /** Where a person is signed in. */
  list(userId: string): Promise<readonly SessionRow[]>;
  /** False: it is none of the person's, or over. */
  endOne(userId: string, id: string): Promise<boolean>;
  /** Ends all sessions of a person but one. */
  endOthers(userId: string, exceptId: string | null): Promise<void>;
  markReauthenticated(session: Pick<SessionPrincipal, "sessionId">): Promise<void>;
}

export function createSessions(deps: {
  readonly storage: Storage;
  readonly people: People;
  readonly hmacKey: Buffer;
  readonly clock: Clock;
}): Sessions {
  const { storage, people, hmacKey, clock } = deps;

  function look(token: string) {
    const nowMs = clock.nowMs();
    return findLiveSession(storage, hashSecret(hmacKey, token), { nowMs, idleSinceMs: nowMs - IDLE_MS });
  }

  async function find(token: string) {
    const session = await look(token);
    if (!session) throw fail("authentication_error", { public: "Your session is over. Sign in again." });
    return session;
  }

  return {
    async begin(person, userAgent, authenticatedAtMs) {
      const token = newSecret();
      const nowMs = clock.nowMs();
      const expiresAtMs = nowMs + SESSION_LIFETIME_MS;
      await insertSession(storage, {
        id: newId("session"),
        tokenHmac: hashSecret(hmacKey, token),
        userId: person.id,
        createdAtMs: nowMs,
        authenticatedAtMs: authenticatedAtMs ?? nowMs,
        expiresAtMs,
        userAgent: userAgent?.slice(0, USER_AGENT_MAX) ?? null,
      });
      return { token, expiresAtMs, person };
    },
    async resolve(token) {
      const session = await find(token);
      const person = await people.findById(session.userId);
      if (!person) throw fail("authentication_error", { public: "Your session is over. Sign in again." });
      const nowMs = clock.nowMs();
      if (nowMs - session.lastSeenAtMs > TOUCH_EVERY_MS) await touchSession(storage, session.id, nowMs);
      return {
        sessionId: session.id,
        userId: person.id,
        organizationId: person.organizationId,
        role: person.role,
        person,
        authenticatedAtMs: session.authenticatedAtMs,
      };
    },
    async isLive(token) {
      const session = await look(token);
      return session !== null && (await people.findById(session.userId)) !== null;
    },
    async end(token) {
      const session = await find(token);
      await revokeSessions(storage, { id: session.id }, clock.nowMs());
    },
    list(userId) {
      const nowMs = clock.nowMs();
      return listLiveSessions(storage, userId, { nowMs, idleSinceMs: nowMs - IDLE_MS });
    },
    endOne: async (userId, id) => (await revokeSessions(storage, { id, userId }, clock.nowMs())) > 0,
    async endOthers(userId, exceptId) {
      await revokeSessions(storage, { userId, exceptId }, clock.nowMs());
    },
    async markReauthenticated({ sessionId }) {
      await markReauthenticated(storage, sessionId, clock.nowMs());
    },
  };
}

/** Throws `permission_error` with `reauthentication_required` unless the person proved who they are a short while ago. */
export function requireRecentAuthentication(session: SessionPrincipal, nowMs: number): void {
  if (nowMs - session.authenticatedAtMs <= REAUTHENTICATION_MS) return;
  throw fail("permission_error", {
    public: "Confirm that it is you, or sign in again, to do this.",
    details: { error_code: "reauthentication_required" },
  });
}
