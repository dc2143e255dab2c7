import { provedBy, type Requirement } from "./requirement.ts";

/** Backup, retention and upgrade. */
export const dataCareRequirements: readonly Requirement[] = [
  ...provedBy("server/src/backup/backup.db.test.ts", [
    [
      "backup:restore",
      "9",
      "A backup restored into an empty place is the same, and goes on.",
      "a backup restored into an empty place is the same database, the same files and the same secret",
    ],
    [
      "backup:moment",
      "9",
      "A backup under load is one moment.",
      "a backup under load is one moment: every table agrees with every other",
    ],
    [
      "backup:empty-place",
      "9",
      "A place that holds anything is not restored over.",
      "a place that holds anything is refused, and nothing of it is changed",
    ],
    ["backup:damaged", "9", "A damaged backup leaves nothing behind.", "a backup that does not hold leaves nothing behind: %s"],
    ["backup:secret", "11", "The master secret is sealed in a backup.", "the master secret is not readable in the backup"],
  ]),
  ...provedBy("server/test/admin/zero-retention.db.test.ts", [
    [
      "zdr:messages",
      "11",
      "Under zero data retention nothing of a message is in the database.",
      "under zero data retention a message is answered and nothing of it is in the database",
    ],
    [
      "zdr:refused",
      "11",
      "Under zero data retention batches and files are refused.",
      "batches and files are refused with the reason, before their body is read",
    ],
    [
      "zdr:before",
      "11",
      "What was stored before zero data retention is forgotten.",
      "what was stored before is forgotten at once, and files must be deleted first",
    ],
  ]),
  ...provedBy("server/src/engines/turn-engine/cached-prefill.test.ts", [
    [
      "zdr:cache",
      "11",
      "Under zero data retention the prompt cache stores nothing.",
      "under zero data retention no prefix is read or stored, whatever the breakpoints say",
    ],
  ]),
  ...provedBy("server/src/storage/upgrade.db.test.ts", [
    [
      "upgrade:forwards",
      "9",
      "A database of every earlier version is brought up to date with its data.",
      "a database of every earlier version, with data, is brought up to date and works",
    ],
    [
      "upgrade:second-node",
      "9",
      "A node that starts during a migration waits for it.",
      "a second node that starts during a migration waits for it, and then starts",
    ],
  ]),
];
