import { randomBytes } from "node:crypto";
import { generateDeviceToken, isDeviceToken } from "../auth/device-token.ts";
import { hashSecret } from "../auth/hash-secret.ts";
import { createKey, type KeyDeps, revokeKey } from "../auth/manage-api-keys.ts";
import type { BucketStore } from "../limits/bucket-store.ts";
import type { Clock } from "../platform/clock.ts";
import { fail } from "../platform/fail.ts";
import { findApiKeyAnywhere, statusOfKey, type ApiKeyRow } from "../storage/api-keys.ts";
import {
  decideGrantOn,
  findPendingGrant,
  findRefreshToken,
  insertDeviceGrant,
  pollGrant,
  slowGrantDown,
  sweepDeviceSignIn,
  useGrant,
  useRefreshToken,
} from "../storage/device-sign-in.ts";
import type { Storage } from "../storage/storage.ts";
import { findWorkspaceMember } from "../storage/workspace-members.ts";
import { findDefaultWorkspaceId, findWorkspace } from "../storage/workspaces.ts";
import { type Doer, SYSTEM } from "../tenancy/tenancy-deps.ts";
import type { ClientTrace } from "./create-sign-in.ts";
import { networkOf } from "./network-of.ts";
import type { People } from "./people.ts";
import type { SessionPrincipal } from "./sessions.ts";
import { takeTries } from "./take-tries.ts";
import { reachOfDevice } from "./to-workspace-principal.ts";
import { newUserCode, normalizeUserCode } from "./user-code.ts";

export interface DeviceCodes {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
}

/** What asks to be signed in, for whoever is asked. */
export interface WaitingDevice {
  readonly userAgent: string | null;
  readonly network: string;
  readonly askedAtMs: number;
}

export interface DeviceTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInSeconds: number;
}

/** The words of RFC 8628 and RFC 6749. */
export type DeviceRefusal = "authorization_pending" | "slow_down" | "access_denied" | "expired_token" | "invalid_grant";

/** Sign-in on a device without a browser of its own: the person agrees in the Console (RFC 8628). */
export interface DeviceSignIn {
  begin(trace: ClientTrace): Promise<DeviceCodes>;
  /** Throws `not_found_error` for a code that nothing waits with. */
  look(session: SessionPrincipal, userCode: string): Promise<WaitingDevice>;
  /** Agrees for a workspace (null: the default one), or refuses. */
  decide(
    session: SessionPrincipal,
    answer: { readonly userCode: string; readonly isApproved: boolean; readonly workspaceId: string | null },
    doer: Doer,
  ): Promise<void>;
  /** Throws `rate_limit_error` where a network, or whoever has one code, asks too often. */
  poll(deviceCode: string, trace: ClientTrace): Promise<DeviceTokens | DeviceRefusal>;
  /** The next tokens; a refresh token that is shown a second time ends the sign-in. Asked too often it throws as `poll` does. */
  refresh(refreshToken: string, trace: ClientTrace): Promise<DeviceTokens | "invalid_grant">;
  sweep(): Promise<void>;
}

const GRANT_MS = 10 * 60_000;
const INTERVAL_SECONDS = 5;
const SLOWER_BY_SECONDS = 5;
const ACCESS_MS = 3_600_000;
/** A code is one of 25.6 thousand million: a hundred tries a minute, for ten minutes, find one of a hundred that wait once in 250,000 times. */
const BEGINS_PER_NETWORK_PER_MINUTE = 120;
const TRIES_PER_PERSON_PER_MINUTE = 100;
/** For an office behind one address: a device that waits asks twelve times a minute, one that is signed in once an hour. */
const TOKENS_PER_NETWORK_PER_MINUTE = 1_200;
/** Of one code or refresh token. */
const TOKENS_PER_SECRET_PER_MINUTE = 30;
const DEVICE_CODE_BYTES = 32;
const USER_AGENT_MAX = 300;
const NAME_MAX = 60;

export interface DeviceSignInDeps {
  readonly storage: Storage;
  readonly people: People;
  readonly buckets: BucketStore;
  /** Of the codes. */
  readonly hmacKey: Buffer;
  /** Makes and ends the keys that sign-ins are, whose hashes tokens share. */
  readonly keys: KeyDeps;
  /** How long a sign-in lasts, however often its tokens are renewed. */
  readonly lifetimeMs: number;
  readonly clock: Clock;
}

export function createDeviceSignIn(deps: DeviceSignInDeps): DeviceSignIn {
  const { storage, people, buckets, hmacKey, keys, clock } = deps;

  /** Counted, as whoever is signed in could try codes of others. */
  async function findGrant(session: SessionPrincipal, typed: string) {
    await takeTries(buckets, [
      { key: `device:person:${session.userId}`, limitPerMinute: TRIES_PER_PERSON_PER_MINUTE, tokens: 1 },
    ]);
    const userCode = normalizeUserCode(typed);
    const grant = userCode && (await findPendingGrant(storage, hashSecret(hmacKey, userCode), clock.nowMs()));
    if (!grant) throw fail("not_found_error", { public: "No device waits with this code. Codes work for ten minutes, once." });
    return grant;
  }

  /** Counted before anything is looked up. */
  async function takeToken({ networkAddress }: ClientTrace, secretHmac: string): Promise<void> {
    await takeTries(buckets, [
      { key: `device:tokens:network:${networkOf(networkAddress)}`, limitPerMinute: TOKENS_PER_NETWORK_PER_MINUTE, tokens: 1 },
      { key: `device:tokens:secret:${secretHmac}`, limitPerMinute: TOKENS_PER_SECRET_PER_MINUTE, tokens: 1 },
    ]);
  }

  function mint(apiKeyId: string, keyExpiresAtMs: number, renewedFromHmac: string | null) {
    const nowMs = clock.nowMs();
    const accessExpiresAtMs = Math.min(nowMs + ACCESS_MS, keyExpiresAtMs);
    const [accessToken, refreshToken] = [generateDeviceToken("access"), generateDeviceToken("refresh")];
    const row = (kind: "access" | "refresh", token: string, expiresAtMs: number) => ({
      tokenHmac: hashSecret(keys.hmacKey, token),
      kind,
      apiKeyId,
      expiresAt: new Date(expiresAtMs),
      usedAt: null,
      renewedFromHmac,
    });
    return {
      rows: [row("access", accessToken, accessExpiresAtMs), row("refresh", refreshToken, keyExpiresAtMs)],
      tokens: { accessToken, refreshToken, expiresInSeconds: Math.max(1, Math.floor((accessExpiresAtMs - nowMs) / 1_000)) },
    };
  }

  /** The key of a sign-in that still is one: not revoked, and its person may still use models there. */
  async function findSignIn(apiKeyId: string): Promise<ApiKeyRow | null> {
    const key = await findApiKeyAnywhere(storage, apiKeyId);
    if (!key || key.createdByUserId === null || statusOfKey(key, clock.nowMs()) !== "active") return null;
    const person = await people.findById(key.createdByUserId);
    if (!person) return null;
    return (await mayUse(person.id, person, key.workspaceId)) ? key : null;
  }

  async function mayUse(
    userId: string,
    { organizationId, role }: { readonly organizationId: string; readonly role: string },
    workspaceId: string,
  ): Promise<boolean> {
    const workspace = await findWorkspace(storage, organizationId, workspaceId);
    if (!workspace || workspace.archivedAt !== null) return false;
    const member = await findWorkspaceMember(storage, workspace.id, userId);
    return reachOfDevice({ role }, { isDefault: workspace.isDefault, role: member?.role ?? null }) !== null;
  }

  return {
    async begin({ networkAddress, userAgent }) {
      const network = networkOf(networkAddress);
      await takeTries(buckets, [{ key: `device:network:${network}`, limitPerMinute: BEGINS_PER_NETWORK_PER_MINUTE, tokens: 1 }]);
      const nowMs = clock.nowMs();
      const [deviceCode, userCode] = [randomBytes(DEVICE_CODE_BYTES).toString("base64url"), newUserCode()];
      await insertDeviceGrant(storage, {
        deviceCodeHmac: hashSecret(hmacKey, deviceCode),
        userCodeHmac: hashSecret(hmacKey, userCode),
        userAgent: userAgent?.slice(0, USER_AGENT_MAX) ?? null,
        network: networkAddress,
        createdAt: new Date(nowMs),
        expiresAt: new Date(nowMs + GRANT_MS),
        polledAt: null,
        intervalSeconds: INTERVAL_SECONDS,
        status: "pending",
        apiKeyId: null,
      });
      return { deviceCode, userCode, expiresInSeconds: GRANT_MS / 1_000, intervalSeconds: INTERVAL_SECONDS };
    },

    async look(session, userCode) {
      const { userAgent, network, createdAt } = await findGrant(session, userCode);
      return { userAgent, network, askedAtMs: createdAt.getTime() };
    },

    async decide(session, { userCode, isApproved, workspaceId }, doer) {
      const grant = await findGrant(session, userCode);
      let apiKeyId: string | null = null;
      if (isApproved) {
        const place = workspaceId ?? (await findDefaultWorkspaceId(storage, session.organizationId));
        if (place === null || !(await mayUse(session.userId, session, place))) {
          throw fail("permission_error", { public: "You may not use models in this workspace." });
        }
        // Nobody ever sees its secret: it stands for the sign-in in lists, limits, reports and the audit log.
        const created = await createKey(
          keys,
          {
            name: `Device sign-in: ${(grant.userAgent ?? "unknown device").slice(0, NAME_MAX)}`,
            workspaceId: place,
            expiresAtMs: clock.nowMs() + deps.lifetimeMs,
          },
          doer,
        );
        apiKeyId = created.id;
      }
      const status = isApproved ? "approved" : "denied";
      const act = {
        userId: session.userId,
        action: `device.${isApproved ? "approve" : "deny"}`,
        requestId: doer.requestId,
      } as const;
      try {
        await people.actForSelf(act, async (queries) => {
          if (await decideGrantOn(queries, grant.userCodeHmac, clock.nowMs(), { status, apiKeyId })) return;
          throw fail("not_found_error", { public: "This device has its answer already." });
        });
      } catch (error) {
        if (apiKeyId !== null) await revokeKey(keys, apiKeyId, doer);
        throw error;
      }
    },

    async poll(deviceCode, trace) {
      const nowMs = clock.nowMs();
      const codeHmac = hashSecret(hmacKey, deviceCode);
      await takeToken(trace, codeHmac);
      const grant = await pollGrant(storage, codeHmac, nowMs);
      if (!grant) return "invalid_grant";
      if (grant.expiresAt.getTime() <= nowMs) return "expired_token";
      if (grant.status === "denied") return "access_denied";
      if (grant.status === "approved" && grant.apiKeyId !== null) {
        const key = await findSignIn(grant.apiKeyId);
        if (!key) return "access_denied";
        const { rows, tokens } = mint(key.id, key.expiresAt?.getTime() ?? nowMs + deps.lifetimeMs, null);
        return (await useGrant(storage, grant.deviceCodeHmac, rows)) ? tokens : "invalid_grant";
      }
      const waitedMs = grant.polledAt === null ? Number.POSITIVE_INFINITY : nowMs - grant.polledAt.getTime();
      // A clock that ticks a little fast is not hurry.
      if (waitedMs >= grant.intervalSeconds * 1_000 - TOLERANCE_MS) return "authorization_pending";
      await slowGrantDown(storage, grant.deviceCodeHmac, grant.intervalSeconds + SLOWER_BY_SECONDS);
      return "slow_down";
    },

    async refresh(refreshToken, trace) {
      const tokenHmac = hashSecret(keys.hmacKey, refreshToken);
      await takeToken(trace, tokenHmac);
      if (!isDeviceToken("refresh", refreshToken)) return "invalid_grant";
      const found = await findRefreshToken(storage, tokenHmac, clock.nowMs());
      const key = found && (await findSignIn(found.apiKeyId));
      if (!found || !key) return "invalid_grant";
      const { rows, tokens } = mint(key.id, key.expiresAt?.getTime() ?? clock.nowMs() + deps.lifetimeMs, tokenHmac);
      const nowMs = clock.nowMs();
      // Two processes of one device may ask at once, or a reply be lost.
      if (await useRefreshToken(storage, found, { nowMs, againSinceMs: nowMs - AGAIN_WITHIN_MS }, rows)) return tokens;
      // Two have it: which of them is the thief cannot be told, so that the sign-in ends for both.
      await revokeKey(keys, key.id, SYSTEM);
      return "invalid_grant";
    },

    sweep: () => sweepDeviceSignIn(storage, clock.nowMs()),
  };
}

const TOLERANCE_MS = 500;
const AGAIN_WITHIN_MS = 30_000;
