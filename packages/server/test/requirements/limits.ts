import { provedBy, type Requirement } from "./requirement.ts";

/** Rate limits over several nodes. */
export const limitsRequirements: readonly Requirement[] = [
  ...provedBy("server/src/limits/testing/test-bucket-store-contract.ts", [
    [
      "limits:model",
      "8",
      "Every store's buckets equal exact arithmetic.",
      "any sequence of takes, settlements, waits and changed limits leaves what exact arithmetic leaves",
    ],
    [
      "limits:atomic",
      "8",
      "A take is from all buckets or from none.",
      "all buckets or none: a refused take leaves the others as they were",
    ],
    ["limits:nodes", "8", "Limits hold across nodes.", "two nodes share every bucket"],
    ["limits:jump-ahead", "8", "A clock that jumps ahead frees no budget.", "a server clock that jumps ahead frees nothing"],
    ["limits:jump-back", "8", "A clock that is set back locks no budget.", "a server clock that is set back locks nothing"],
  ]),
  ...provedBy("server/src/limits/bucket-race.db.test.ts", [
    [
      "limits:race-postgresql",
      "8",
      "Two processes get exactly what a bucket in PostgreSQL holds.",
      "two processes race for a bucket in PostgreSQL: exactly what it holds is let through",
    ],
    [
      "limits:race-redis",
      "8",
      "Two processes get exactly what a bucket in Redis holds.",
      "two processes race for a bucket in Redis: exactly what it holds is let through",
    ],
  ]),
  ...provedBy("server/src/limits/failover.db.test.ts", [
    [
      "limits:redis-away",
      "8",
      "A Redis that is away costs one bucket at most, and no turn.",
      "Redis %s: takes go on in the database, the limit is granted once more at most, and Redis is used again when it is back",
    ],
    [
      "limits:settle-fails",
      "7",
      "A settlement that cannot be stored fails no turn.",
      "settlements that cannot be stored fail no turn",
    ],
  ]),
];
