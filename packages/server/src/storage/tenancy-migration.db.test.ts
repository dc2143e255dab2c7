import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createAuthenticator } from "../auth/create-authenticator.ts";
import { generateKeySecret } from "../auth/key-secret.ts";
import { hashSecret } from "../auth/hash-secret.ts";
import { revokeKey } from "../auth/manage-api-keys.ts";
import { systemClock } from "../platform/clock.ts";
import { SYSTEM } from "../tenancy/tenancy-deps.ts";
import { verifyAuditLog } from "../tenancy/verify-audit-log.ts";
import { listAuditHeads } from "./audit-log.ts";
import { openStorage } from "./storage.ts";
import { createTestDatabase, silentLog } from "./testing/test-storage.ts";
import { fillOlderDatabase } from "./testing/fill-older-database.ts";
import { findWorkspace } from "./workspaces.ts";

/** The last migration before workspaces had settings and administrative acts a log. */
const BEFORE = "0006_files";

test("keys and workspaces of an older Parley go on, with settings as if they were made now", async () => {
  await using database = await createTestDatabase();
  const hmacKey = randomBytes(32);
  const secret = generateKeySecret("api");
  await fillOlderDatabase(database, BEFORE, async (client) => {
    await client.query(`insert into organizations values ('11111111-1111-4111-8111-111111111111', 'Old', now())`);
    await client.query(
      `insert into workspaces (id, organization_id, name, is_default, created_at)
      values ('wrkspc_01old', '11111111-1111-4111-8111-111111111111', 'Default', true, now()),
        ('wrkspc_01two', '11111111-1111-4111-8111-111111111111', 'Two', false, now())`,
    );
    await client.query(
      `insert into api_keys (id, organization_id, workspace_id, name, secret_hmac, partial_hint, status, created_at)
      values ('apikey_01old', '11111111-1111-4111-8111-111111111111', 'wrkspc_01old', 'old', $1, 'hint', 'active', now())`,
      [hashSecret(hmacKey, secret)],
    );
  });

  await using storage = await openStorage({ ...database, log: silentLog, clock: systemClock });
  const organizationId = "11111111-1111-4111-8111-111111111111";
  const deps = { storage, hmacKey, auditKey: randomBytes(32), clock: systemClock, authenticator: null };
  await using authenticator = createAuthenticator(deps);
  expect(await authenticator.authenticate(secret)).toMatchObject({ organizationId, workspaceId: "wrkspc_01old" });
  const [one, two] = [
    await findWorkspace(storage, organizationId, "wrkspc_01old"),
    await findWorkspace(storage, organizationId, "wrkspc_01two"),
  ];
  expect(one).toMatchObject({ tags: {}, allowedInferenceGeos: null, defaultInferenceGeo: "global", displayColor: "#6C5BB9" });
  expect(one?.compartmentId).not.toBe(two?.compartmentId);
  // The log begins with the first act after the change.
  expect(await listAuditHeads(storage)).toEqual([]);
  await revokeKey(deps, "apikey_01old", SYSTEM);
  expect(await verifyAuditLog(deps)).toMatchObject([{ organizationId, rows: 1, fault: null }]);
});
