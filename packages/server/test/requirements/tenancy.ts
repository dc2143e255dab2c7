import { provedBy, type Requirement } from "./requirement.ts";

/** Organizations, who may administer them, and what the Admin API does. */
export const tenancyRequirements: readonly Requirement[] = [
  ...provedBy("server/test/admin/admin-keys.db.test.ts", [
    ["admin:me", "surface A", "The SDK reads the admin key's organization.", "the SDK reads the admin key's organization"],
    [
      "admin:kinds",
      "10",
      "Neither kind of key opens the other's door.",
      "an API key administers nothing, and an admin key runs no turn: 401 invalid x-api-key",
    ],
    ["admin:hashed", "11", "The database holds no admin key.", "the database holds no admin key, only its keyed hash and a hint"],
    [
      "admin:revoked",
      "11",
      "A revoked admin key is refused within a second.",
      "an admin key that was revoked elsewhere is refused within a second",
    ],
    ["admin:expired", "11", "An expired admin key is refused.", "an expired admin key is refused"],
  ]),
];
