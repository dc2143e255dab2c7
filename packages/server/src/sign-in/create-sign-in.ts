import { z } from "zod";
import type { BucketStore } from "../limits/bucket-store.ts";
import type { Clock } from "../platform/clock.ts";
import { fail } from "../platform/fail.ts";
import { findTicket, useTicket, voidPasswordTickets, voidTickets } from "../storage/sign-in-tickets.ts";
import type { Storage } from "../storage/storage.ts";
import { findCredentials, setPasswordHash, setPasswordHashOn } from "../storage/user-credentials.ts";
import { normalizeEmail } from "../tenancy/normalize-email.ts";
import { issueTicket } from "./issue-ticket.ts";
import { hashSecret } from "../auth/hash-secret.ts";
import { networkOf } from "./network-of.ts";
import { hashPassword, verifyPassword } from "./password-hash.ts";
import type { Person } from "../tenancy/create-people.ts";
import type { People } from "./people.ts";
import type { SecondFactor } from "./second-factor.ts";
import { requireRecentAuthentication, type NewSession, type SessionPrincipal, type Sessions } from "./sessions.ts";
import { takeTries } from "./take-tries.ts";

const PASSWORD_MIN = 12;
/** argon2id's cost grows with it only slightly, but a body has to end somewhere. */
const PASSWORD_MAX = 1_024;

const LINK_MS = 24 * 3_600_000;
/** Of one person, or from one network at one address. */
const TRIES_PER_MINUTE = 10;
/** From all networks: one of them alone does not use them up, so it keeps nobody out. */
const TRIES_PER_ADDRESS_PER_MINUTE = 30;
const TRIES_PER_NETWORK_PER_MINUTE = 60;

const InvitePayload = z.object({ inviteId: z.string() });
const PasswordPayload = z.object({ userId: z.string() });

/** Where a sign-in comes from. */
export interface ClientTrace {
  readonly networkAddress: string;
  readonly userAgent: string | null;
  /** For the audit log. */
  readonly requestId: string | null;
}

export interface SignIn {
  /** The secret of a new one-time link for the owner; earlier ones stop working. Null: somebody owns the organization. */
  createOwnerLink(): Promise<string | null>;
  becomeOwner(
    secret: string,
    who: { readonly email: string; readonly name: string; readonly password: string },
    trace: ClientTrace,
  ): Promise<NewSession>;
  /** The secret of an invited person's link. */
  createInviteLink(inviteId: string, expiresAtMs: number): Promise<string>;
  acceptInvite(
    secret: string,
    who: { readonly name: string; readonly password: string },
    trace: ClientTrace,
  ): Promise<NewSession>;
  /** The secret of a link with which a member sets a password, the first or another. */
  createPasswordLink(userId: string): Promise<string>;
  /** Ends all the person's sessions and links, and begins a session. A second factor stays as it is, and is asked for. */
  setPassword(
    secret: string,
    credentials: { readonly password: string; readonly code: string | null },
    trace: ClientTrace,
  ): Promise<NewSession>;
  /** Throws `authentication_error`; its `error_code` is `second_factor_required` when only the code is missing. */
  withPassword(
    credentials: { readonly email: string; readonly password: string; readonly code: string | null },
    trace: ClientTrace,
  ): Promise<NewSession>;
  /** For a session whose person must prove again who they are. */
  reauthenticate(
    session: SessionPrincipal,
    credentials: { readonly password: string; readonly code: string | null },
  ): Promise<void>;
  /** Ends all other sessions of the person, and links that would set a password. */
  changePassword(
    session: SessionPrincipal,
    passwords: { readonly current: string | null; readonly next: string },
    trace: ClientTrace,
  ): Promise<void>;
}

export interface SignInDeps {
  readonly storage: Storage;
  readonly people: People;
  readonly sessions: Sessions;
  readonly secondFactor: SecondFactor;
  readonly buckets: BucketStore;
  readonly hmacKey: Buffer;
  readonly clock: Clock;
}

export function createSignIn(deps: SignInDeps): SignIn {
  const { storage, people, sessions, secondFactor, buckets, hmacKey, clock } = deps;
  const ticketDeps = { storage, hmacKey };

  /** For somebody who has yet to say who they are. */
  function countTry(email: string, trace: ClientTrace): Promise<void> {
    // Hashed, so that what people typed does not lie about in a table of limits.
    const address = hashSecret(hmacKey, normalizeEmail(email));
    const network = networkOf(trace.networkAddress);
    return takeTries(buckets, [
      { key: `sign-in:address:${address}:${network}`, limitPerMinute: TRIES_PER_MINUTE, tokens: 1 },
      { key: `sign-in:address:${address}`, limitPerMinute: TRIES_PER_ADDRESS_PER_MINUTE, tokens: 1 },
      { key: `sign-in:network:${network}`, limitPerMinute: TRIES_PER_NETWORK_PER_MINUTE, tokens: 1 },
    ]);
  }

  /** For somebody who holds a session or a link: strangers who try the address cannot stand in their way. */
  function countTryOf(person: Person): Promise<void> {
    return takeTries(buckets, [{ key: `sign-in:person:${person.id}`, limitPerMinute: TRIES_PER_MINUTE, tokens: 1 }]);
  }

  /** Throws unless password and, where there is one, second factor are right. */
  async function prove(person: Person | null, password: string, code: string | null): Promise<Person> {
    const credentials = person ? await findCredentials(storage, person.id) : null;
    const verdict = await verifyPassword(password, credentials?.passwordHash ?? null);
    if (!person || !credentials || !verdict.isRight) throw wrongCredentials();
    if (credentials.isTotpConfirmed) await secondFactor.require(person.id, code);
    if (verdict.isOutdated) await setPasswordHash(storage, person.id, await hashPassword(password), clock.nowMs());
    return person;
  }

  async function welcome(person: Person, password: string, trace: ClientTrace): Promise<NewSession> {
    await setPasswordHash(storage, person.id, await hashPassword(password), clock.nowMs());
    return sessions.begin(person, trace.userAgent);
  }

  /** Ends what the old password could still open. */
  async function replacePassword(
    userId: string,
    password: string,
    { exceptSessionId, requestId }: { readonly exceptSessionId: string | null; readonly requestId: string | null },
  ): Promise<void> {
    const passwordHash = await hashPassword(password);
    await people.actForSelf({ userId, action: "user.password_change", requestId }, (queries) =>
      setPasswordHashOn(queries, userId, passwordHash, clock.nowMs()),
    );
    // In this order: a sign-in with the old password that comes in between does not stay.
    await voidPasswordTickets(storage, userId, clock.nowMs());
    await sessions.endOthers(userId, exceptSessionId);
  }

  return {
    async createOwnerLink() {
      if (await people.hasOwner()) return null;
      const nowMs = clock.nowMs();
      await voidTickets(storage, "owner", nowMs);
      return issueTicket(ticketDeps, { kind: "owner", payload: {}, expiresAtMs: nowMs + LINK_MS });
    },
    async becomeOwner(secret, who, trace) {
      checkPassword(who.password);
      if (!(await useTicket(storage, hashSecret(hmacKey, secret), "owner", clock.nowMs()))) throw deadLink();
      const person = await people.createOwner({ email: normalizeEmail(who.email), name: who.name });
      return welcome(person, who.password, trace);
    },
    createInviteLink: (inviteId, expiresAtMs) => issueTicket(ticketDeps, { kind: "invite", payload: { inviteId }, expiresAtMs }),
    async acceptInvite(secret, who, trace) {
      checkPassword(who.password);
      const payload = InvitePayload.safeParse(await useTicket(storage, hashSecret(hmacKey, secret), "invite", clock.nowMs()));
      if (!payload.success) throw deadLink();
      return welcome(await people.acceptInvite(payload.data.inviteId, { name: who.name }), who.password, trace);
    },
    createPasswordLink: (userId) =>
      issueTicket(ticketDeps, { kind: "password", payload: { userId }, expiresAtMs: clock.nowMs() + LINK_MS }),
    async setPassword(secret, { password, code }, trace) {
      checkPassword(password);
      const secretHmac = hashSecret(hmacKey, secret);
      const payload = PasswordPayload.safeParse(await findTicket(storage, secretHmac, "password", clock.nowMs()));
      const person = payload.success ? await people.findById(payload.data.userId) : null;
      if (!person) throw deadLink();
      await countTryOf(person);
      // Before the link is used up: a mistyped code must not cost it.
      if (await secondFactor.isOn(person.id)) await secondFactor.require(person.id, code);
      if (!(await useTicket(storage, secretHmac, "password", clock.nowMs()))) throw deadLink();
      await replacePassword(person.id, password, { exceptSessionId: null, requestId: trace.requestId });
      return sessions.begin(person, trace.userAgent);
    },
    async withPassword({ email, password, code }, trace) {
      await countTry(email, trace);
      const person = await prove(await people.findByEmail(normalizeEmail(email)), password, code);
      return sessions.begin(person, trace.userAgent);
    },
    async reauthenticate(session, { password, code }) {
      await countTryOf(session.person);
      await prove(session.person, password, code);
      await sessions.markReauthenticated(session);
    },
    async changePassword(session, { current, next }, trace) {
      checkPassword(next);
      await countTryOf(session.person);
      const { passwordHash } = await findCredentials(storage, session.userId);
      // Somebody who has only come through the provider sets a first one, having been there lately.
      if (passwordHash === null) requireRecentAuthentication(session, clock.nowMs());
      else if (!(await verifyPassword(current ?? "", passwordHash)).isRight) throw wrongCredentials();
      await replacePassword(session.userId, next, { exceptSessionId: session.sessionId, requestId: trace.requestId });
    },
  };
}

/** The same for every address that leads nowhere and every wrong password: who is a member is nobody's business. */
function wrongCredentials() {
  return fail("authentication_error", { public: "The e-mail address or the password is wrong." });
}

function deadLink() {
  return fail("authentication_error", { public: "This link has been used, or is too old. Ask for a new one." });
}

function checkPassword(password: string): void {
  // Code points, as NIST counts them.
  const length = Array.from(password).length;
  if (length >= PASSWORD_MIN && length <= PASSWORD_MAX) return;
  throw fail("invalid_request_error", {
    public:
      length < PASSWORD_MIN
        ? `password: String should have at least ${PASSWORD_MIN} characters`
        : `password: String should have at most ${PASSWORD_MAX} characters`,
  });
}
