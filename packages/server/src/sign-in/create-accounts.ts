import type { ConsoleAbility } from "@parley/wire";
import type { KeyDeps } from "../auth/manage-api-keys.ts";
import { deriveKey, type MasterSecret } from "../auth/master-secret.ts";
import type { Principal } from "../auth/principal.ts";
import type { BucketStore } from "../limits/bucket-store.ts";
import type { Clock } from "../platform/clock.ts";
import { sweepSessions } from "../storage/sessions.ts";
import { sweepTickets } from "../storage/sign-in-tickets.ts";
import type { Storage } from "../storage/storage.ts";
import { findCredentials, hasIdentity } from "../storage/user-credentials.ts";
import type { Person } from "../tenancy/create-people.ts";
import { createSignIn, type SignIn } from "./create-sign-in.ts";
import { createDeviceSignIn, type DeviceSignIn } from "./device-sign-in.ts";
import { createOpenId, type OpenId, type OpenIdSettings } from "./openid.ts";
import type { People } from "./people.ts";
import { createSecondFactor, type SecondFactor } from "./second-factor.ts";
import { createSessions, type SessionPrincipal, type Sessions } from "./sessions.ts";
import { toWorkspacePrincipal } from "./to-workspace-principal.ts";
import { listAbilities, listWorkspacesOfPerson, type PersonsWorkspace } from "./workspaces-of-person.ts";

/** How a person proves who they are. */
export interface Proofs {
  readonly hasSecondFactor: boolean;
  /** What may be used for it in a session that is there. */
  readonly confirmWith: readonly ("password" | "openid")[];
}

/** People and how they sign in. */
export interface Accounts {
  readonly people: People;
  readonly sessions: Sessions;
  readonly signIn: SignIn;
  readonly secondFactor: SecondFactor;
  /** Null: no provider is configured. */
  readonly openId: OpenId | null;
  readonly devices: DeviceSignIn;
  proofsOf(userId: string): Promise<Proofs>;
  /** A signed-in person in a workspace; null names the default one. */
  toWorkspacePrincipal(session: SessionPrincipal, workspaceId: string | null): Promise<Principal>;
  workspacesOf(session: SessionPrincipal): Promise<readonly PersonsWorkspace[]>;
  abilitiesOf(person: Person): Promise<ConsoleAbility[]>;
  /** Forgets sessions and tickets that are over. */
  sweep(): Promise<void>;
}

const DEVICE_LIFETIME_MS = 30 * 86_400_000;

export function createAccounts(deps: {
  readonly storage: Storage;
  readonly people: People;
  readonly buckets: BucketStore;
  readonly master: MasterSecret;
  readonly openId: OpenIdSettings | null;
  readonly keys: KeyDeps;
  /** How long a sign-in on a device lasts. */
  readonly deviceLifetimeMs?: number;
  readonly clock: Clock;
}): Accounts {
  const { storage, people, buckets, master, clock } = deps;
  const hmacKey = deriveKey(master, "sign-in-hmac");
  const sessions = createSessions({ storage, people, hmacKey, clock });
  const secondFactor = createSecondFactor({
    storage,
    people,
    buckets,
    sealKey: deriveKey(master, "sign-in-seal"),
    hmacKey,
    clock,
  });
  const devices = createDeviceSignIn({
    storage,
    people,
    buckets,
    hmacKey,
    keys: deps.keys,
    lifetimeMs: deps.deviceLifetimeMs ?? DEVICE_LIFETIME_MS,
    clock,
  });
  return {
    people,
    sessions,
    devices,
    secondFactor,
    signIn: createSignIn({ storage, people, sessions, secondFactor, buckets, hmacKey, clock }),
    openId: deps.openId ? createOpenId({ settings: deps.openId, storage, people, hmacKey, clock }) : null,
    async proofsOf(userId) {
      const { passwordHash, isTotpConfirmed } = await findCredentials(storage, userId);
      const isAtProvider = deps.openId !== null && (await hasIdentity(storage, userId));
      return {
        hasSecondFactor: isTotpConfirmed,
        confirmWith: [...(passwordHash === null ? [] : ["password" as const]), ...(isAtProvider ? ["openid" as const] : [])],
      };
    },
    toWorkspacePrincipal: (session, workspaceId) => toWorkspacePrincipal(storage, session, workspaceId),
    workspacesOf: (session) => listWorkspacesOfPerson(storage, session),
    abilitiesOf: ({ id: userId, organizationId, role }) => listAbilities(storage, { userId, organizationId, role }),
    async sweep() {
      await sweepSessions(storage, clock.nowMs());
      await sweepTickets(storage, clock.nowMs());
      await devices.sweep();
    },
  };
}
