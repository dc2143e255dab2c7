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
      "What was stored before zero data retention goes at once, files and batches too.",
      "what was stored before goes at once: replies, files, and batches that still run",
    ],
  ]),
  ...provedBy("server/test/admin/data-retention.db.test.ts", [
    [
      "retention:stale-list",
      "11",
      "A workspace that is told to keep content again is not emptied.",
      "a workspace that is told to keep content again, while others are emptied, keeps it",
    ],
    [
      "retention:default",
      "11",
      "Prompts and replies are kept for 30 days at most unless a workspace says otherwise.",
      "a workspace keeps prompts and replies for 30 days and files for good, until it says otherwise",
    ],
    [
      "retention:files",
      "11",
      "Files live no longer than their workspace says, and say so.",
      "files live no longer than their workspace says: those of before, and those that come, which say so",
    ],
    [
      "retention:batches",
      "11",
      "Results of batches go when their workspace's days are over.",
      "results of batches are kept for the workspace's days, and 29 at most",
    ],
    [
      "retention:replies",
      "11",
      "Replies under an idempotency key go when their workspace's days are over.",
      "a reply under an idempotency key goes when its workspace's days are over",
    ],
    [
      "retention:resumes",
      "11",
      "Removal that is cut off half-way is finished by the next run.",
      "removal that is cut off half-way is finished by the next run",
    ],
  ]),
  ...provedBy("server/test/admin/cli.db.test.ts", [
    [
      "retention:cli",
      "11",
      "An operator sets and takes back retention on the command line.",
      "an operator sets how long a workspace's content is kept, and takes it back",
    ],
  ]),
  ...provedBy("server/test/admin/workspace-removal.db.test.ts", [
    [
      "removal:late-uploads",
      "11",
      "What comes in while its workspace is deleted is refused, and nothing of it stays.",
      "what comes in while its workspace is %s is refused, and nothing of it stays",
    ],
    [
      "workspace:export",
      "11",
      "A workspace is exported whole, in constant memory, without secrets.",
      "an export has the files, the batches and their results, keys without secrets, the ledger and the usage",
    ],
    [
      "workspace:delete",
      "11",
      "A deleted workspace is gone with its content; ledger and audit log stay.",
      "a deleted workspace is gone with its content, and the ledger and the audit log stay",
    ],
    [
      "workspace:delete-resumes",
      "11",
      "A deletion that is cut off is finished by the job.",
      "a deletion that is cut off after its first step is finished by the job",
    ],
    [
      "workspace:cli",
      "11",
      "An operator exports and deletes a workspace with the command line.",
      "an operator exports and deletes a workspace with the command line",
    ],
  ]),
  ...provedBy("server/src/engines/turn-engine/cache/snapshot-store.test.ts", [
    [
      "retention:cache",
      "11",
      "Of a workspace that keeps nothing any more the prompt cache is dropped.",
      "a workspace's prefixes are dropped, one that is being restored once that is over, and no other's",
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
  ...provedBy("server/src/blobs/remove-orphans.test.ts", [
    [
      "files:orphans-once",
      "9",
      "Bytes that nothing names are found by listing the store once.",
      "the store is listed once for all owners, and only what is old and unnamed is removed",
    ],
  ]),
];
