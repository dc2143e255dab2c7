import type { Clock } from "../platform/clock.ts";
import { fail } from "../platform/fail.ts";
import { findLiveAdminKeys, touchAdminKeys } from "../storage/admin-keys.ts";
import { findLiveApiKeys, findLiveApiKeysOfAws, type LiveApiKey, touchApiKeys } from "../storage/api-keys.ts";
import { findLiveKeysOfTokens, type KeyOfToken } from "../storage/device-sign-in.ts";
import type { Storage } from "../storage/storage.ts";
import { isAwsAccessKeyId, toAwsSecret } from "./aws-access-key.ts";
import { reachOfDevice } from "../sign-in/to-workspace-principal.ts";
import { createKeyCache } from "./create-key-cache.ts";
import { isDeviceToken } from "./device-token.ts";
import { isKeySecret } from "./key-secret.ts";
import { createSecretHasher, hashSecret } from "./hash-secret.ts";
import type { Authenticator, Principal } from "./principal.ts";

export interface KeyAuthenticator extends Authenticator, AsyncDisposable {
  /** Drops a key, API or admin, from the cache: the next request with it asks the database. */
  forget(keyId: string): void;
  /** Writes the last uses and stops the timers. */
  close(): Promise<void>;
}

type ReachingKey = LiveApiKey & Pick<Principal, "reach">;

export interface AuthenticatorDeps {
  readonly storage: Storage;
  /** `deriveKey(master, API_KEY_PURPOSE)`. */
  readonly hmacKey: Buffer;
  readonly clock: Clock;
}

/** Resolves API keys and admin keys through caches whose entries are re-checked within a second. */
export function createAuthenticator({ storage, hmacKey, clock }: AuthenticatorDeps): KeyAuthenticator {
  const apiKeys = createKeyCache({
    clock,
    log: storage.log,
    find: (hashes) => findLiveApiKeys(storage, hashes),
    touch: (usedAtMs) => touchApiKeys(storage, usedAtMs),
  });
  const awsKeys = createKeyCache({
    clock,
    log: storage.log,
    find: (awsAccessKeyIds) => findLiveApiKeysOfAws(storage, awsAccessKeyIds),
    touch: (usedAtMs) => touchApiKeys(storage, usedAtMs),
  });
  const deviceTokens = createKeyCache({
    clock,
    log: storage.log,
    find: async (hashes) => withinReach(await findLiveKeysOfTokens(storage, hashes, clock.nowMs())),
    touch: (usedAtMs) => touchApiKeys(storage, usedAtMs),
  });
  const adminKeys = createKeyCache({
    clock,
    log: storage.log,
    find: (hashes) => findLiveAdminKeys(storage, hashes),
    touch: (usedAtMs) => touchAdminKeys(storage, usedAtMs),
  });

  const hashOf = createSecretHasher(hmacKey);

  return {
    async authenticate(secret) {
      // Nothing else can be a key, so a flood of junk costs no query.
      const keys = isKeySecret("api", secret) ? apiKeys : isDeviceToken("access", secret) ? deviceTokens : null;
      const key = await keys?.use(hashOf(secret));
      if (!key) throw invalidKey();
      return toPrincipal(key);
    },
    async findSigner(awsAccessKeyId) {
      const key = isAwsAccessKeyId(awsAccessKeyId) ? await awsKeys.use(awsAccessKeyId) : null;
      return key && { principal: toPrincipal(key), secretAccessKey: toAwsSecret(hmacKey, awsAccessKeyId) };
    },
    async authenticateAdmin(secret) {
      const key = isKeySecret("admin", secret) ? await adminKeys.use(hashSecret(hmacKey, secret)) : null;
      if (!key) throw invalidKey();
      return { organizationId: key.organizationId, actor: { type: "admin_api_key", id: key.id } };
    },
    forget(keyId) {
      apiKeys.forget(keyId);
      awsKeys.forget(keyId);
      deviceTokens.forget(keyId);
      adminKeys.forget(keyId);
    },
    close,
    [Symbol.asyncDispose]: close,
  };

  async function close(): Promise<void> {
    await Promise.all([apiKeys.close(), awsKeys.close(), deviceTokens.close(), adminKeys.close()]);
  }
}

/** Those whose person may still use models, as far as the role that they have now goes. */
function withinReach(found: ReadonlyMap<string, KeyOfToken>): ReadonlyMap<string, ReachingKey> {
  return new Map(
    [...found].flatMap(([hash, key]) => {
      const reach = reachOfDevice(key, key.workspace);
      return reach === null ? [] : [[hash, reach === "workspace" ? key : { ...key, reach }] as const];
    }),
  );
}

function toPrincipal({ id, organizationId, workspaceId, createdByUserId, reach }: ReachingKey): Principal {
  return {
    organizationId,
    workspaceId,
    apiKeyId: id,
    ...(createdByUserId === null ? {} : { userId: createdByUserId }),
    ...(reach === undefined ? {} : { reach }),
  };
}

/** One text for unknown, foreign, revoked and expired: a caller learns nothing about keys that are not theirs. */
function invalidKey() {
  return fail("authentication_error", { public: "invalid x-api-key" });
}
