import { sql } from "drizzle-orm";
import { hashSecret } from "../../packages/server/src/auth/hash-secret.ts";
import { generateKeySecret } from "../../packages/server/src/auth/key-secret.ts";
import type { Storage } from "../../packages/server/src/storage/storage.ts";

export interface Tenants {
  readonly organizations: number;
  /** Of all of them together. */
  readonly keys: number;
  /** So many organizations have a key that a client can use. */
  readonly usableKeys: number;
}

const CREDIT_NANO_USD = "1000000000000000";
const KEYS_AT_ONCE = 100_000;

export const organizationId = (index: number): string => `org-fill-${index}`;
export const workspaceId = (index: number): string => `wrkspc_fill_${index}`;
export const keyId = (index: number): string => `apikey_fill_${index}`;
/** No key has this hash; it is as long as one that a key has. */
export const keyHash = (index: number): string => `fill-${index}`.padEnd(43, "x");

/** Organizations with a workspace, an account and their share of the keys; returns the secrets of those that can be used. */
export async function fillTenants(storage: Storage, hmacKey: Buffer, tenants: Tenants): Promise<readonly string[]> {
  const { organizations, keys, usableKeys } = tenants;
  const secrets = Array.from({ length: usableKeys }, () => generateKeySecret("api"));
  await storage.run({ operation: "fill tenants", repeatable: false }, async (database) => {
    await database.execute(sql`set statement_timeout = 0`);
    await database.execute(sql`set synchronous_commit = off`);
    await database.execute(sql`
      insert into organizations (id, name, created_at)
      select 'org-fill-' || n, 'fill', now() from generate_series(0, ${organizations - 1}::integer) n`);
    await database.execute(sql`
      insert into workspaces (id, organization_id, name, is_default, created_at)
      select 'wrkspc_fill_' || n, 'org-fill-' || n, 'fill', true, now() from generate_series(0, ${organizations - 1}::integer) n`);
    await database.execute(sql`
      select open_spend_account('org-fill-' || n, 'crgr_fill_' || n, ${CREDIT_NANO_USD}::bigint, null, null)
      from generate_series(0, ${organizations - 1}::integer) n`);
    for (let done = 0; done < keys; done += KEYS_AT_ONCE) {
      await database.execute(sql`
        insert into api_keys (id, organization_id, workspace_id, name, secret_hmac, partial_hint, status, created_at)
        select 'apikey_fill_' || n, 'org-fill-' || n % ${organizations}::integer, 'wrkspc_fill_' || n % ${organizations}::integer,
          'fill', rpad('fill-' || n, 43, 'x'), 'fill', 'active', now()
        from generate_series(${done}::integer, ${Math.min(keys, done + KEYS_AT_ONCE) - 1}::integer) n`);
    }
    const hashes = secrets.map((secret) => hashSecret(hmacKey, secret));
    await database.execute(sql`
      update api_keys k set secret_hmac = given.hash
      from json_array_elements_text(${JSON.stringify(hashes)}::json) with ordinality as given(hash, place)
      where k.id = 'apikey_fill_' || given.place - 1`);
    await database.execute(sql`vacuum (analyze) api_keys`);
    await database.execute(sql`analyze`);
    await database.execute(sql`reset statement_timeout`);
    await database.execute(sql`reset synchronous_commit`);
  });
  return secrets;
}
