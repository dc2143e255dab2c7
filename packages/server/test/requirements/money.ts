import { provedBy, type Requirement } from "./requirement.ts";

/** Prices, the ledger by month, its rollups, reports, credits and spend limits. */
export const moneyRequirements: readonly Requirement[] = [
  ...provedBy("server/src/money/money.test.ts", [
    [
      "money:table",
      "surface H",
      "Every Claude model has a price, aliases and unknown ids of a line too.",
      "every Claude model has a price, and aliases, dated spellings and unknown ids of a line have one too",
    ],
    [
      "money:prices",
      "surface H",
      "A million tokens cost what the price list says.",
      "a million tokens of %s cost %s dollars in and %s dollars out",
    ],
    [
      "money:cache",
      "surface H",
      "Cache writes cost 1.25 and 2 of the input, reads a tenth.",
      "a cache write and one read cost 1.25 + 0.1 = 1.35 of the input, against 2 for two uncached requests",
    ],
    [
      "money:batch",
      "surface H",
      "A batch costs half, stacked with the cache.",
      "a batch costs half, and the discount stacks with the cache: over nine tenths saved",
    ],
    [
      "money:geo",
      "surface H",
      "US-only inference costs 1.1 of all token prices.",
      "inference in the US alone costs 1.1 of all token prices, on top of the others",
    ],
    [
      "money:search",
      "surface H",
      "A thousand searches cost 10 dollars.",
      "a thousand web searches cost 10 dollars, with no discount",
    ],
    [
      "money:long",
      "surface H",
      "A long prompt pays the model's premium.",
      "a long prompt costs twice the input and half as much again of the output, where the model has a premium",
    ],
    [
      "money:rounding",
      "9",
      "Cost is rounded up, once.",
      "rounding is up, once: a third of a nano-dollar in every part makes one nano-dollar",
    ],
    ["money:parts", "9", "A cost's parts add up to it.", "the parts of a cost always add up to it and are never negative"],
    ["money:monotone", "9", "Using more never costs less.", "using more never costs less"],
    [
      "money:own-prices",
      "9",
      "An operator's own price wins from its day.",
      "an operator's price wins, by model or by weights, from its day on",
    ],
  ]),
  ...provedBy("server/src/endpoints/messages-create/cost.test.ts", [
    [
      "money:row",
      "9",
      "A turn's row has its cost and its price.",
      "a turn's row has its cost by kind of token, its price, its place and what it came through",
    ],
  ]),
  ...provedBy("server/src/storage/turn-records.db.test.ts", [
    [
      "ledger:months",
      "9",
      "A row goes to its month's partition, which is made ahead.",
      "a row goes to its month's partition, made when it is missing, and the next months' are there ahead",
    ],
    [
      "ledger:once-over-months",
      "9",
      "A request id is unique over all months.",
      "a request id is unique over all months: the second row is dropped, and its sums with it",
    ],
    [
      "ledger:partitions-append-only",
      "9",
      "A partition refuses changes by its own name.",
      "a partition refuses update, delete and truncate by its own name, too",
    ],
    ["ledger:cost-sum", "9", "A row's cost is the sum of its parts.", "a row whose cost is not the sum of its parts is refused"],
    [
      "ledger:rollups",
      "9",
      "Rollups equal the ledger under concurrent, overlapping writers.",
      "two processes that record overlapping batches at once: every sum of every rollup is the ledger's",
    ],
  ]),
  ...provedBy("server/test/money/reports.db.test.ts", [
    [
      "reports:usage",
      "surface F",
      "The usage report has a bucket a day with every counter.",
      "usage by day: a bucket a day, empty ones too, every counter, dimensions null where they are not asked for",
    ],
    [
      "reports:groups",
      "surface F",
      "Usage can be grouped; the default workspace is null.",
      "usage in groups: one result a combination; the default workspace is null",
    ],
    [
      "reports:filters",
      "surface F",
      "A filter keeps what it names, whatever characters it holds.",
      "a filter of usage keeps what it names and nothing else: %j",
    ],
    [
      "reports:pages",
      "surface F",
      "Buckets begin at their boundary and pages join.",
      "buckets of an hour and a minute begin at their boundary, and pages go on where the last one ended",
    ],
    ["reports:refusals", "surface E", "A bad report query is refused by its path.", "a report refuses %j by its path"],
    [
      "reports:cost",
      "surface F",
      "The cost report is in cents, whole or by what was paid for.",
      "costs by day are cents as decimal text, whole or by what was paid for, and agree",
    ],
    [
      "reports:claude-code",
      "surface A",
      "Claude Code's report tells sessions, tokens and cost by key.",
      "Claude Code's report tells sessions, tokens and cost by key and model, in pages",
    ],
    [
      "reports:rollups",
      "9",
      "Reports never read the ledger.",
      "reports read sums, never the ledger: they answer while nobody may touch it",
    ],
    [
      "reports:ranked",
      "surface A",
      "The newer usage report ranks combinations, in pages.",
      "the newer reports: a row for the whole range, or one for each combination, ranked and in pages",
    ],
    [
      "reports:newer-cost",
      "9",
      "The newer cost report agrees with the older one, whole and in parts.",
      "the newer cost report comes to the same in parts as in whole, and as the older one",
    ],
    ["reports:admin", "10", "An API key reads no report.", "an API key reads no report"],
  ]),
  ...provedBy("server/src/money/spend-race.db.test.ts", [
    [
      "money:race-credits",
      "8",
      "Two processes spend a dollar of credit to the last turn that fits, and not more.",
      "1,000 turns at once in two processes on one dollar of credit: it is spent to the last turn that fits, and not overshot",
    ],
    [
      "money:race-limit",
      "8",
      "Two processes do not overshoot a spend limit.",
      "1,000 turns at once in two processes on a limit of half a dollar of one key do not overshoot it",
    ],
  ]),
  ...provedBy("server/test/money/spend.db.test.ts", [
    [
      "money:step-holds",
      "8",
      "A long loop of server tools cannot pass a spend limit: each step is held first.",
      "a turn that goes on after a server tool's call holds the next step first, and pauses where the money ends",
    ],
    [
      "money:charged",
      "9",
      "A turn is charged exactly, and holds nothing afterwards.",
      "the first turn opens an account with five dollars, is charged exactly, and holds nothing afterwards",
    ],
    [
      "money:limits",
      "surface D",
      "A spend limit answers 400 with its end.",
      "a spend limit of the %s answers 400 with the day of its end",
    ],
    [
      "money:limits-scope",
      "8",
      "A limit of another scope refuses nobody else.",
      "a limit of another workspace or key refuses nobody else",
    ],
    [
      "money:tier-cap",
      "surface D",
      "The tier's cap answers 429 enforced_spend_limit_reached.",
      "the cap of the tier answers 429 enforced_spend_limit_reached, which the SDK knows and does not try again",
    ],
    [
      "money:periods",
      "8",
      "Periods begin at their UTC boundary.",
      "periods begin at their UTC boundary: what was spent before does not count",
    ],
    [
      "money:low-credit",
      "surface D",
      "Without credit a turn is refused in the platform's words.",
      "without credit a turn is refused with the words that clients parse, unless it costs nothing",
    ],
    ["money:released", "8", "What a turn gives back can be held again.", "what a turn gives back can be held again at once"],
    ["money:user", "8", "A user's limit bears that user's turns.", "a user's limit bears what that user's keys spend"],
    [
      "money:lapse",
      "8",
      "A hold that is never settled lapses.",
      "a hold whose process died lapses, and one that is renewed does not",
    ],
    [
      "money:clock",
      "8",
      "A clock of the database that is set frees no held money, and keeps none.",
      "a clock of the database that is set ahead frees nothing that is held, and one that is set back keeps nothing",
    ],
    ["money:lost", "8", "A hold whose end got lost lapses too.", "a hold whose end got lost lapses, though its process lives"],
    [
      "money:oldest-first",
      "9",
      "Credits are used oldest first, expired ones never.",
      "credits are used oldest first, expired ones never, and a debt is paid by the next grant",
    ],
  ]),
  ...provedBy("server/test/money/reconcile.db.test.ts", [
    [
      "ledger:reconciled",
      "9",
      "Reconciliation finds every kind of difference, and none after honest work.",
      "reconciliation finds nothing after honest work, and each kind of difference after a dishonest change",
    ],
  ]),
  ...provedBy("server/test/money/spend-limits.db.test.ts", [
    [
      "spend-limits:sdk",
      "surface F",
      "The SDK sets, reads, lists and deletes spend limits.",
      "the SDK sets a limit, sets it again in place, reads, lists and deletes it",
    ],
    [
      "spend-limits:tenants",
      "10",
      "Spend limits are the organization's own, as is what they limit.",
      "what is limited must be the organization's own, and its limits are nobody else's",
    ],
    [
      "spend-limits:tier",
      "surface F",
      "The tier's limit is read-only.",
      "the tier's limit is listed and cannot be deleted or set",
    ],
    ["spend-limits:refusals", "surface B", "A bad limit is refused by its path.", "a bad limit is refused by its path: %j"],
    [
      "spend-limits:effective",
      "surface A",
      "The effective report tells limit and spend by member and period.",
      "the effective report has a row a member and period, pages by member, and what was spent to three decimals of a cent",
    ],
    [
      "spend-limits:audited",
      "11",
      "Changes of limits are in the audit log.",
      "the audit log tells who set and deleted a limit, with what was before",
    ],
  ]),
  ...provedBy("server/test/money/credits.db.test.ts", [
    [
      "money:credits",
      "9",
      "Credits are granted once a reference; purchases move an organization up its tiers.",
      "the operator grants credits once a reference, sees what is left, and purchases move an organization up its tiers",
    ],
  ]),
  ...provedBy("server/test/money/spend-increases.db.test.ts", [
    [
      "spend-increases:approve",
      "surface A",
      "An approved increase request makes a limit of the member's.",
      "a request is listed with what its member may spend, approved with a limit of the member's, and then told so",
    ],
    [
      "spend-increases:deny",
      "surface A",
      "A request can be denied, also twice; lists are filtered and paged.",
      "a request is denied, also twice, and the lists are filtered and paged",
    ],
    [
      "spend-increases:tenants",
      "10",
      "Another organization's increase request is not found.",
      "another organization's request is not found, and somebody who is not a member asks for nothing",
    ],
  ]),
  ...provedBy("server/test/money/statements.db.test.ts", [
    [
      "statements:csv",
      "9",
      "A monthly statement has a line a key and model, as CSV that cannot run in a spreadsheet.",
      "a statement has a line a key and model of the month alone, and names cannot run in a spreadsheet",
    ],
    [
      "statements:pdf",
      "9",
      "A monthly statement can be printed.",
      "a statement as PDF is a document whose text has the lines and the total",
    ],
  ]),
  ...provedBy("server/src/storage/ledger-migration.db.test.ts", [
    [
      "ledger:migration",
      "9",
      "An older ledger is migrated with every row.",
      "a ledger of an older Parley is cut into months with every row, its rollups made and its numbers going on",
    ],
  ]),
  ...provedBy("server/test/money/spend-alerts.db.test.ts", [
    [
      "money:alerts-once",
      "8",
      "Each threshold of a spend limit is told once, by signed webhook and by mail.",
      "each threshold is told once by webhook and by mail, however many nodes look at once",
    ],
    [
      "money:alerts-retry",
      "8",
      "An alert that could not be told is tried again with backoff.",
      "what could not be told is tried again after a minute, and then two, under the same id",
    ],
    [
      "money:alerts-credits",
      "8",
      "Credits that are used up are told once for each time that there are new ones.",
      "credits that are used up are told once for each time that there are new ones",
    ],
  ]),
];
