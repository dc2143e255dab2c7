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
  ...provedBy("server/src/auth/auth.db.test.ts", [
    [
      "keys:rotation",
      "11",
      "A rotated key goes on for the overlap.",
      "a rotated key goes on for the overlap, and its successor has its name, place, lifetime and spend limits",
    ],
  ]),
  ...provedBy("server/test/admin/admin-api.db.test.ts", [
    [
      "users:list",
      "surface F",
      "Members are listed page by page and filtered.",
      "are listed newest first, page by page, and filtered by address and roles",
    ],
    ["users:change", "surface A", "Members change role and are removed.", "change their role, are removed, and are gone"],
    ["users:admins", "11", "An admin key cannot lock the owners out.", "an admin key neither unseats nor removes an owner"],
    ["users:last", "surface D", "The only member cannot be removed.", "the only member stays, with the SDK's own error"],
    [
      "invites:life",
      "surface F",
      "Invites live 21 days, are found and deleted.",
      "live 21 days, are found by address, role and status, and are deleted but still told of",
    ],
    [
      "invites:race",
      "surface D",
      "Of several invites for one address one is made.",
      "of ten at once for one address one is made; the others get invite_already_exists",
    ],
    [
      "invites:accept",
      "surface F",
      "An accepted invite makes a member, once.",
      "once accepted make a member and cannot be deleted or accepted again",
    ],
    [
      "workspaces:settings",
      "surface F",
      "Workspaces have name, color, tags and data residency.",
      "are made, changed and listed with what the platform's have",
    ],
    [
      "workspaces:archive",
      "10",
      "An archived workspace's keys are archived with it.",
      "an archived one stays so, cannot be changed, and its keys are archived with it; the default one cannot be",
    ],
    ["workspaces:members", "surface F", "Workspaces have members with roles.", "have members with roles of their own"],
    [
      "api-keys:list",
      "surface F",
      "API keys are listed with hint, scope and status, and filtered.",
      "are listed with hint, scope and status, and found by workspace, status and creator",
    ],
    [
      "api-keys:status",
      "11",
      "API keys are switched off and on, and archived for good.",
      "are renamed, switched off and on, and archived for good",
    ],
    [
      "api-keys:dialects",
      "1",
      "The older dialect's API key has a workspace_id.",
      "have a workspace_id in the older dialect, null in the default workspace",
    ],
  ]),
  ...provedBy("server/test/admin/admin-input.db.test.ts", [
    [
      "admin:filters",
      "10",
      "No text in a filter finds or breaks what it should not.",
      "the filter text %j finds nothing and breaks nothing",
    ],
    [
      "admin:foreign",
      "10",
      "Another organization's objects answer like absent ones.",
      "another organization's objects answer exactly like absent ones",
    ],
    ["admin:lists", "10", "Another organization's objects are in no list.", "another organization's objects are in no list"],
  ]),
  ...provedBy("server/test/admin/audit-log.db.test.ts", [
    [
      "audit:every",
      "11",
      "Every administrative act leaves a row of the audit log.",
      "every administrative act leaves a row: who, what, before, after and the request",
    ],
    [
      "audit:chain",
      "11",
      "A tampered audit log is found.",
      "a changed, a removed, a moved and a forged row are found, and so is a cut end",
    ],
    [
      "audit:rewind",
      "11",
      "An audit log that was set back is found by a noted row.",
      "a log that was set back to an earlier state is told by a row that was noted elsewhere",
    ],
    [
      "audit:append-only",
      "11",
      "The database refuses to change the audit log.",
      "our own database user cannot change or remove a row",
    ],
  ]),
  ...provedBy("server/src/tenancy/create-people.db.test.ts", [
    ["owner:one", "10", "An organization is taken by one owner.", "of eight who take an organization at once one owns it"],
  ]),
  ...provedBy("server/test/authorization/coverage.test.ts", [
    [
      "authorization:covered",
      "10",
      "Every endpoint has its line in the authorization table.",
      "every endpoint has its line in the authorization table, and the table has no other",
    ],
  ]),
  ...provedBy("server/test/authorization/authorization.db.test.ts", [
    [
      "authorization:table",
      "10",
      "Every endpoint admits, refuses or does not know each kind of caller as the policy says.",
      "$title",
    ],
    ["authorization:ids", "10", "An id that cannot be one is 404 everywhere.", "of $name takes no id that cannot be one"],
  ]),
  ...provedBy("server/test/authorization/two-nodes.db.test.ts", [
    [
      "authorization:nodes",
      "11",
      "Whatever ends a key ends it on every node within a second.",
      "both nodes refuse a $name within a second",
    ],
    [
      "authorization:forged",
      "11",
      "A tampered key, a foreign one and one of the other kind are refused on every node.",
      "a tampered key, a key of another Parley and one of the other kind are refused by both nodes, wherever they are shown",
    ],
  ]),
  ...provedBy("server/src/doors/anthropic/read-headers.test.ts", [
    [
      "keys:headers",
      "1",
      "A key is found in either header, also where a client sends something else in the other.",
      "the key is found in %s",
    ],
  ]),
  ...provedBy("server/test/admin/cli.db.test.ts", [
    [
      "keys:cli",
      "Core",
      "An operator manages organizations, people and keys on the command line, and the audit log has it all.",
      "an operator makes an organization, its people and keys, rotates and revokes them, and the audit log has it all",
    ],
  ]),
  ...provedBy("server/src/storage/tenancy-migration.db.test.ts", [
    [
      "upgrade:tenancy",
      "Core",
      "Keys and workspaces of an older Parley go on.",
      "keys and workspaces of an older Parley go on, with settings as if they were made now",
    ],
  ]),
  ...provedBy("server/test/admin/inference-geo.db.test.ts", [
    [
      "workspaces:geo",
      "2",
      "A workspace's data residency decides where its turns run, and what cannot be promised is refused.",
      "a workspace's default holds where the request asks for nothing, and only where the server can promise it",
    ],
    [
      "workspaces:geo-allowed",
      "2",
      "A place that a workspace does not allow is refused.",
      "what a workspace does not allow is refused on every server",
    ],
  ]),
];
