import * as oidc from "openid-client";
import { z } from "zod";
import type { Clock } from "../platform/clock.ts";
import { fail } from "../platform/fail.ts";
import { useTicket } from "../storage/sign-in-tickets.ts";
import type { Storage } from "../storage/storage.ts";
import { findIdentity, insertIdentity } from "../storage/user-credentials.ts";
import { normalizeEmail } from "../tenancy/normalize-email.ts";
import { issueTicket } from "./issue-ticket.ts";
import { hashSecret } from "../auth/hash-secret.ts";
import type { Person } from "../tenancy/create-people.ts";
import type { People } from "./people.ts";
import { SESSION_LIFETIME_MS, type SessionPrincipal } from "./sessions.ts";

/** The way to the provider and back; a person who has to find a password needs some minutes. */
const ROUND_TRIP_MS = 10 * 60_000;
const SCOPE = "openid email profile";

/** So far the provider's clock may be behind ours. */
const CLOCK_TOLERANCE_MS = 30_000;

const Trip = z.object({ codeVerifier: z.string(), nonce: z.string(), state: z.string() });
/** Of a signed-in person who goes there to prove who they are. */
const Confirmation = z.object({ sessionId: z.string(), userId: z.string(), begunAtMs: z.coerce.number() });
type Confirmation = z.infer<typeof Confirmation>;

const Claims = z.object({
  iss: z.string(),
  sub: z.string(),
  email: z.string().optional(),
  /** Some providers send it as text. */
  email_verified: z.union([z.boolean(), z.stringbool({ truthy: ["true"], falsy: ["false"] })]).optional(),
  name: z.string().optional(),
  /** Seconds: when the person last proved who they are. Whoever is asked for `max_age` must tell it. */
  auth_time: z.number().optional(),
});
type Claims = z.infer<typeof Claims>;

export interface OpenIdSettings {
  /** As in the provider's discovery document. */
  readonly issuer: string;
  readonly clientId: string;
  /** Null: a public client, PKCE alone. */
  readonly clientSecret: string | null;
}

export interface OpenId {
  /**
   * Where to send the browser, and the secret that it must bring back in a cookie. With `confirming`, the person of that session
   * is to prove anew who they are, whether or not the provider knows this browser.
   */
  begin(
    redirectUri: string,
    confirming?: Pick<SessionPrincipal, "sessionId" | "userId">,
  ): Promise<{ readonly location: string; readonly ticket: string; readonly expiresAtMs: number }>;
  /**
   * Who came back to `callbackUrl`. Throws `authentication_error` for a reply that was not asked for, was altered or is too
   * old, or for a proof that was not made anew; `permission_error` for somebody who is neither a member nor invited, or is not
   * the one whose session was to be confirmed.
   */
  finish(callbackUrl: string, ticket: string): Promise<OpenIdReturn>;
}

export interface OpenIdReturn {
  readonly person: Person;
  /** When they last proved who they are; the moment of their return where the provider does not say. */
  readonly authenticatedAtMs: number;
  /** The session that they have confirmed; null: they want a new one. */
  readonly confirmedSessionId: string | null;
}

/** Sign-in at an OpenID provider: authorization code with PKCE, state and nonce. */
export function createOpenId(deps: {
  readonly settings: OpenIdSettings;
  readonly storage: Storage;
  readonly people: People;
  readonly hmacKey: Buffer;
  readonly clock: Clock;
}): OpenId {
  const { settings, storage, people, hmacKey, clock } = deps;
  let discovered: Promise<oidc.Configuration> | null = null;

  /** A provider that was away when first asked is asked again. */
  function discover(): Promise<oidc.Configuration> {
    discovered ??= discoverProvider(settings).catch((cause: unknown) => {
      discovered = null;
      throw fail("api_error", {
        public: "The sign-in provider cannot be reached.",
        internal: `OpenID discovery at ${settings.issuer} failed`,
        cause,
      });
    });
    return discovered;
  }

  async function findPerson(claims: Claims): Promise<Person> {
    const known = await findIdentity(storage, claims.iss, claims.sub);
    const person = known === null ? await introduce(claims) : await people.findById(known);
    if (person) return person;
    throw fail("permission_error", {
      public: "You are not a member of this organization. Ask an administrator for an invite to your e-mail address.",
    });
  }

  /** The first time: a member, or somebody invited, whose address the provider vouches for. */
  async function introduce(claims: Claims): Promise<Person | null> {
    if (claims.email === undefined || claims.email_verified !== true) return null;
    const email = normalizeEmail(claims.email);
    const member = await people.findByEmail(email);
    const invite = member ? null : await people.findInvite({ email });
    const person = member ?? (invite ? await people.acceptInvite(invite.id, { name: claims.name ?? email }) : null);
    if (person) {
      await insertIdentity(storage, { issuer: claims.iss, subject: claims.sub, userId: person.id, createdAtMs: clock.nowMs() });
    }
    return person;
  }

  /** Somebody who has the browser of another must not get by with what that one did there earlier. */
  async function requireConfirmation({ userId, begunAtMs }: Confirmation, claims: Claims): Promise<void> {
    if ((await findIdentity(storage, claims.iss, claims.sub)) !== userId) {
      throw fail("permission_error", { public: "You came back as somebody else than the one who is signed in here." });
    }
    if (claims.auth_time === undefined || claims.auth_time * 1_000 < begunAtMs - CLOCK_TOLERANCE_MS) {
      throw notAsked(`the provider was to ask anew who it is; auth_time ${claims.auth_time ?? "is missing"}`);
    }
  }

  return {
    async begin(redirectUri, confirming) {
      const configuration = await discover();
      const codeVerifier = oidc.randomPKCECodeVerifier();
      const [nonce, state] = [oidc.randomNonce(), oidc.randomState()];
      const begunAtMs = clock.nowMs();
      const expiresAtMs = begunAtMs + ROUND_TRIP_MS;
      const trip = { codeVerifier, nonce, state };
      const payload = confirming
        ? { ...trip, sessionId: confirming.sessionId, userId: confirming.userId, begunAtMs: String(begunAtMs) }
        : trip;
      const ticket = await issueTicket({ storage, hmacKey }, { kind: "openid", payload, expiresAtMs });
      const location = oidc.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: SCOPE,
        code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: "S256",
        nonce,
        state,
        // The first way to say it is what providers know, the second is what they must obey and tell.
        ...(confirming ? { prompt: "login", max_age: "0" } : { max_age: String(SESSION_LIFETIME_MS / 1_000) }),
      });
      return { location: location.href, ticket, expiresAtMs };
    },
    async finish(callbackUrl, ticket) {
      const payload = await useTicket(storage, hashSecret(hmacKey, ticket), "openid", clock.nowMs());
      const trip = Trip.safeParse(payload);
      if (!trip.success) throw notAsked("the ticket is unknown, used or too old");
      const { codeVerifier, nonce, state } = trip.data;
      const configuration = await discover();
      let claims: Claims;
      try {
        const tokens = await oidc.authorizationCodeGrant(configuration, new URL(callbackUrl), {
          pkceCodeVerifier: codeVerifier,
          expectedNonce: nonce,
          expectedState: state,
          idTokenExpected: true,
        });
        claims = Claims.parse(tokens.claims());
      } catch (cause) {
        throw notAsked("the provider's answer was refused", cause);
      }
      const confirmation = Confirmation.safeParse(payload);
      if (confirmation.success) await requireConfirmation(confirmation.data, claims);
      const nowMs = clock.nowMs();
      return {
        person: await findPerson(claims),
        authenticatedAtMs: claims.auth_time === undefined ? nowMs : Math.min(nowMs, claims.auth_time * 1_000),
        confirmedSessionId: confirmation.success ? confirmation.data.sessionId : null,
      };
    },
  };
}

function discoverProvider({ issuer, clientId, clientSecret }: OpenIdSettings): Promise<oidc.Configuration> {
  const server = new URL(issuer);
  const authentication = clientSecret === null ? oidc.None() : oidc.ClientSecretPost(clientSecret);
  // Without TLS only to this machine: what a test, or a proxy beside us, speaks.
  const isLoopback = server.hostname === "127.0.0.1" || server.hostname === "localhost" || server.hostname === "[::1]";
  return oidc.discovery(server, clientId, undefined, authentication, isLoopback ? { execute: [oidc.allowInsecureRequests] } : {});
}

function notAsked(internal: string, cause?: unknown) {
  return fail("authentication_error", { public: "The sign-in could not be completed. Try again.", internal, cause });
}
