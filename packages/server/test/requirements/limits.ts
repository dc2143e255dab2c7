import { provedBy, type Requirement } from "./requirement.ts";

/** Rate limits: stores that nodes share, tiers, and workspaces' own limits. */
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
      "limits:second-process",
      "8",
      "A second Parley on one data folder shares the limits or does not start.",
      "a second Parley on one data folder does not keep limits of its own",
    ],
    [
      "limits:settle-fails",
      "7",
      "A settlement that cannot be stored fails no turn.",
      "settlements that cannot be stored fail no turn",
    ],
  ]),
  ...provedBy("server/src/limits/create-limiter.test.ts", [
    [
      "limits:acceleration",
      "surface D",
      "Where the operator says so, use may rise only so steeply.",
      "use that rises more steeply than it may is refused in the platform's words, and headers tell the limits as ever",
    ],
    [
      "limits:workspace",
      "8",
      "A workspace's limits are drawn beside the organization's.",
      "a workspace's limits hold beside the organization's: both are drawn, and the tighter is told",
    ],
    [
      "priority:draw",
      "surface D",
      "Committed capacity is drawn on first and burns down as priced.",
      "committed capacity is drawn on first, told by its headers, and settled as it burns down",
    ],
    [
      "limits:count-tokens",
      "surface E",
      "Counting tokens has its own limit.",
      "counting tokens has a limit of its own and takes nothing from turns",
    ],
  ]),
  ...provedBy("server/src/limits/tiers.test.ts", [
    [
      "tiers:advance",
      "surface H",
      "An organization advances by deposit or spend.",
      "an organization of tier %s that paid in %d and spent %d dollars has tier %s",
    ],
    ["tiers:never-back", "surface H", "No sum takes a tier away.", "no sum takes a tier away, and more never earns less"],
    [
      "tiers:own",
      "surface H",
      "An operator's own tiers replace the platform's.",
      "an operator's tiers have their own names, order and limits by model class",
    ],
  ]),
  ...provedBy("server/test/admin/rate-limits.db.test.ts", [
    [
      "rate-limits:list",
      "surface A",
      "The SDK lists an organization's limits.",
      "the SDK lists the organization's limits by group, with the limits of its tier",
    ],
    ["rate-limits:dialect", "surface 0", "The older dialect has group_type.", "the older dialect names the group's type only"],
    [
      "rate-limits:override",
      "surface A",
      "A workspace's override holds on every node within a second.",
      "a workspace's override holds beside the organization's limits, on every node within a second, and is cleared by null",
    ],
    [
      "rate-limits:inherited",
      "surface F",
      "A workspace lists its own and inherited limits with their source.",
      "a workspace lists its overrides only, and with include_inherited what it inherits too",
    ],
    [
      "priority:auto",
      "surface C",
      "service_tier auto uses the Priority Tier and usage says so.",
      "service_tier auto draws on committed capacity and says so; standard_only does not",
    ],
    ["rate-limits:foreign", "10", "Foreign ids are 404.", "another organization's workspace and an unknown limit are 404"],
  ]),
];
