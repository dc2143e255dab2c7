import { randomBytes } from "node:crypto";
import { createAuthenticator } from "../../src/auth/create-authenticator.ts";
import { ensureFirstOrganization } from "../../src/auth/ensure-first-organization.ts";
import { createAdminKey } from "../../src/auth/manage-admin-keys.ts";
import { createKey, type KeyDeps } from "../../src/auth/manage-api-keys.ts";
import type { DoorDeps } from "../../src/doors/anthropic/serve-endpoint.ts";
import { startTestServer } from "../../src/doors/testing/start-test-server.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { openTestStorage } from "../../src/storage/testing/test-storage.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";

export interface Platform extends AsyncDisposable {
  readonly url: string;
  readonly storage: Storage;
  readonly keys: KeyDeps;
  readonly organizationId: string;
  /** The default one. */
  readonly workspaceId: string;
  /** Of the default workspace. */
  readonly apiKey: string;
  readonly adminKey: string;
  /** Another server on the same database, as a second node. */
  startNode(deps?: Partial<DoorDeps>): Promise<AsyncDisposable & { readonly url: string }>;
}

/** A real server on a real database, with keys, over a scripted engine. */
export async function startPlatform(): Promise<Platform> {
  await using started = new AsyncDisposableStack();
  const storage = started.use(await openTestStorage());
  const keys: KeyDeps = {
    storage,
    hmacKey: randomBytes(32),
    auditKey: randomBytes(32),
    clock: systemClock,
    authenticator: null,
  };
  const { organizationId, workspaceId } = await ensureFirstOrganization(keys);
  const apiKey = await createKey(keys, { name: "test", workspaceId, expiresAtMs: null }, SYSTEM);
  const adminKey = await createAdminKey(keys, { name: "test", organizationId, expiresAtMs: null }, SYSTEM);

  async function startNode(deps: Partial<DoorDeps> = {}) {
    const authenticator = createAuthenticator(keys);
    const server = await startTestServer({
      deps: { authenticator, tenancy: { ...keys, authenticator }, ...deps },
    });
    return {
      url: server.url,
      async [Symbol.asyncDispose]() {
        await server.close();
        await authenticator.close();
      },
    };
  }

  const node = started.use(await startNode());
  const running = started.move();
  return {
    url: node.url,
    storage,
    keys,
    organizationId,
    workspaceId,
    apiKey: apiKey.secret,
    adminKey: adminKey.secret,
    startNode,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
