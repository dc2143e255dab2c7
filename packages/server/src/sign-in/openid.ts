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

/** The way to the provider and back; a person who has to find a password needs some minutes. */
const ROUND_TRIP_MS = 10 * 60_000;
const SCOPE = "openid email profile";

const Payload = z.object({ codeVerifier: z.string(), nonce: z.string(), state: z.string() });

const Claims = z.object({
  iss: z.string(),
  sub: z.string(),
  email: z.string().optional(),
  /** Some providers send it as text. */
  email_verified: z.union([z.boolean(), z.stringbool({ truthy: ["true"], falsy: ["false"] })]).optional(),
  name: z.string().optional(),
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
  /** Where to send the browser, and the secret that it must bring back in a cookie. */
  begin(redirectUri: string): Promise<{ readonly location: string; readonly ticket: string; readonly expiresAtMs: number }>;
  /**
   * Who came back to `callbackUrl`. Throws `authentication_error` for a reply that was not asked for, was altered or is too
   * old, `permission_error` for somebody who is neither a member nor invited.
   */
  finish(callbackUrl: string, ticket: string): Promise<Person>;
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

  return {
    async begin(redirectUri) {
      const configuration = await discover();
      const codeVerifier = oidc.randomPKCECodeVerifier();
      const [nonce, state] = [oidc.randomNonce(), oidc.randomState()];
      const expiresAtMs = clock.nowMs() + ROUND_TRIP_MS;
      const payload = { codeVerifier, nonce, state };
      const ticket = await issueTicket({ storage, hmacKey }, { kind: "openid", payload, expiresAtMs });
      const location = oidc.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: SCOPE,
        code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: "S256",
        nonce,
        state,
      });
      return { location: location.href, ticket, expiresAtMs };
    },
    async finish(callbackUrl, ticket) {
      const payload = Payload.safeParse(await useTicket(storage, hashSecret(hmacKey, ticket), "openid", clock.nowMs()));
      if (!payload.success) throw notAsked("the ticket is unknown, used or too old");
      const { codeVerifier, nonce, state } = payload.data;
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
      return findPerson(claims);
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
