import { provedBy, type Requirement } from "./requirement.ts";

/** Keys, limits, the ledger, the database, weights and configuration. */
export const platformRequirements: readonly Requirement[] = [
  ...provedBy("server/test/e2e/cli.e2e.test.ts", [
    [
      "start:offline",
      "Core",
      "A second start needs no network, and is ready in seconds.",
      "on SIGTERM streams under way finish, and the next start needs no network and is ready in seconds",
    ],
    [
      "start:told",
      "Core",
      "A taken port and a folder that a running server has are told in a line, and cost no key.",
      "a second start on a folder and a taken port are told in a line; the first key is shown by the first start that works",
    ],
  ]),
  ...provedBy("server/src/auth/auth.db.test.ts", [
    [
      "keys:first",
      "Core",
      "Of several first starts exactly one creates the organization and its key.",
      "of eight first starts at once exactly one creates the organization, and exactly one gets the key",
    ],
    [
      "keys:hashed",
      "11",
      "The database holds no key, and nothing that one could be tested against.",
      "the database holds neither a key nor anything that a key could be tested against",
    ],
    ["keys:revoked", "11", "A revoked key is refused at once.", "a revoked key gets 401 authentication_error at once"],
    [
      "keys:elsewhere",
      "11",
      "A key revoked elsewhere stops within a second.",
      "a key revoked elsewhere stops working within one second, also under steady use",
    ],
    ["keys:expiry", "11", "A key expires at its time.", "a key expires at its time, also while it is cached"],
  ]),
  ...provedBy("server/src/auth/key-secret.test.ts", [
    [
      "keys:shape",
      "Core",
      "A key has the platform's shape.",
      "a key has the platform's shape: sk-ant-api03-, 95 characters, AA at the end",
    ],
  ]),
  ...provedBy("server/src/auth/master-secret.test.ts", [
    [
      "secret:private",
      "11",
      "The master secret is readable by its user alone.",
      "a secret that became readable to others is closed again",
    ],
  ]),
  ...provedBy("server/src/limits/create-limiter.test.ts", [
    [
      "limits:race",
      "8",
      "Reservations at once take exactly what the bucket holds.",
      "four hundred reservations at once take exactly what the bucket holds",
    ],
    [
      "limits:headers",
      "8",
      "A reservation carries the whole header family.",
      "a reservation carries the whole header family, tokens rounded to the nearest thousand",
    ],
    [
      "limits:retry",
      "8",
      "Over a limit the retry-after is exact and nothing is charged.",
      "over a limit: 429 with an exact retry-after and the headers, and nothing is charged",
    ],
    [
      "limits:settle",
      "8",
      "Settling gives back what was not decoded.",
      "settling gives back what was not decoded and does not count what was read from the cache",
    ],
    [
      "limits:release",
      "8",
      "A reservation that was not settled is released once.",
      "disposal releases what was not settled, once, and nothing after a settle",
    ],
  ]),
  ...provedBy("server/src/limits/token-bucket.test.ts", [
    [
      "limits:bound",
      "8",
      "In any minute no more than twice the limit and one oversized request is granted.",
      "in any minute no more than twice the limit is granted, and one oversized request",
    ],
    [
      "limits:exact",
      "8",
      "The stated wait is exact to the millisecond.",
      "the stated wait is exact: at that millisecond it can be taken, one earlier it cannot",
    ],
  ]),
  ...provedBy("server/src/ledger/ledger.db.test.ts", [
    [
      "ledger:no-wait",
      "9",
      "A turn's row waits for no other turn's, whenever it comes.",
      "a row that comes at the moment in which others are acknowledged does not wait for further ones",
    ],
    [
      "ledger:once",
      "9",
      "A request recorded twice is one row.",
      "recording one request id twice, also at once, keeps the first row",
    ],
    [
      "ledger:outage",
      "9",
      "While the database is away rows are kept on disk and moved later.",
      "while the database is %s rows are acknowledged from disk and moved when it is back",
    ],
  ]),
  ...provedBy("server/test/crash/mixed-load.db.test.ts", [
    [
      "ledger:kill",
      "9",
      "Server, worker and PostgreSQL killed under load lose and double nothing: no reply, no row, no charge, no hold.",
      "kill -9 of server, worker and database, round after round, under messages, streams and batches: nothing is lost or doubled",
    ],
  ]),
  ...provedBy("server/src/storage/storage.db.test.ts", [
    [
      "ledger:append-only",
      "9",
      "Turn records cannot be changed or removed.",
      "turn records cannot be updated, deleted or truncated",
    ],
    [
      "storage:migrate",
      "Core",
      "Three processes that migrate at once all succeed.",
      "three processes that migrate one fresh database at once all succeed",
    ],
    [
      "storage:leak",
      "11",
      "A refused statement leaks neither SQL nor values.",
      "a refused statement leaks neither SQL nor values in any text",
    ],
    [
      "idempotency:claim",
      "7",
      "A key is claimed by exactly one of twenty requests.",
      "an idempotency key is claimed by exactly one of twenty requests and then replays its reply",
    ],
  ]),
  ...provedBy("server/src/storage/embedded-postgres/embedded-postgres.db.test.ts", [
    [
      "database:private",
      "11",
      "The embedded server is private and reachable by no network.",
      "a fresh folder gives a private, durable server that no network reaches",
    ],
    [
      "database:killed",
      "Core",
      "A killed server is brought back with everything committed.",
      "when the server is killed the supervisor brings it back with everything committed",
    ],
    [
      "database:orphan",
      "Core",
      "When Parley is killed its server goes too.",
      "when Parley itself is killed its server goes too, and the next start has everything committed",
    ],
  ]),
  ...provedBy("server/src/weights/fetch-weights.test.ts", [
    [
      "weights:resume",
      "Core",
      "A broken download is resumed, and the file appears only when whole.",
      "a download that broke off is resumed where it ended, and the file appears only when whole",
    ],
    [
      "weights:sha256",
      "Core",
      "Bytes with another sha256 are thrown away.",
      "bytes with another sha256 are thrown away and named",
    ],
    ["weights:local", "Core", "A local folder is used before any network.", "a local folder is used before any network"],
  ]),
  ...provedBy("server/src/engines/install/install.test.ts", [
    [
      "install:pinned",
      "Core",
      "A release that is not what was pinned is not installed.",
      "content that is not what was pinned is not installed",
    ],
    [
      "install:broken",
      "Core",
      "A binary that does not run leaves the installed one as it was.",
      "a binary that does not run leaves the installed one as it was",
    ],
  ]),
  ...provedBy("server/src/platform/config.test.ts", [
    [
      "config:loopback",
      "11",
      "Without configuration only loopback is bound.",
      "without a file everything has a default, and only loopback is bound",
    ],
    [
      "config:message",
      "Core",
      "A bad value is named with its key, its origin and the remedy.",
      "a bad value is named with its key, where it came from and the remedy",
    ],
  ]),
  ...provedBy("server/src/platform/log.test.ts", [
    [
      "log:secrets",
      "11",
      "Secrets and content are not in the log.",
      "secrets and content are cut out, at the top and one level down",
    ],
  ]),
  ...provedBy("server/src/platform/tracing.test.ts", [
    [
      "trace:genai",
      "12",
      "A turn is a span of the GenAI conventions.",
      "a turn is exported as a span of the GenAI conventions, below the caller's own",
    ],
  ]),
  ...provedBy("server/test/import-rule.test.ts", [
    [
      "project:import-rule",
      "Core",
      "No module imports what the import rule forbids, and the rule sees the modules.",
      "no module imports what the import rule forbids, and the rule sees the modules",
    ],
    ["project:planted", "Core", "A planted violation is caught.", "a planted violation is caught"],
  ]),
  ...provedBy("server/test/examples/typescript-examples.test.ts", [
    ["examples:chat", "Core", "The chat example runs as it stands.", "chat.ts prints the text as it streams"],
    [
      "examples:tools",
      "1",
      "The SDK's tool runner runs a tool and gets its answer.",
      "tool-runner.ts runs its tool and prints the answer",
    ],
    ["examples:parse", "1", "The SDK's parse helper gives the object.", "structured-output.ts prints the parsed object"],
  ]),
  ...provedBy("server/test/docs/docs.test.ts", [
    ["docs:reference", "Core", "The reference is what the schemas say.", "the reference is what the schemas say"],
    [
      "docs:configuration",
      "Core",
      "The configuration page has every key.",
      "configuration.md has every key with its default and its variable, and no other",
    ],
  ]),
  ...provedBy("server/src/cli/stop-on-signals.test.ts", [
    [
      "stop:once",
      "Core",
      "A Ctrl-C that is passed on lets streams finish; a second one does not wait.",
      "a Ctrl-C that is passed on by the parents is one Ctrl-C, and a later one does not wait",
    ],
  ]),
  ...provedBy("server/test/e2e/crash.e2e.test.ts", [
    [
      "kill:engine",
      "9",
      "kill -9 of the engine under streams ends them with an error event, and the next turn works.",
      "of the engine: streams end with an error event, the next turn works, the restart is counted",
    ],
    [
      "kill:database",
      "9",
      "kill -9 of PostgreSQL under streams loses no row.",
      "of PostgreSQL: turns go on, and their rows arrive when it is back",
    ],
    [
      "kill:server",
      "9",
      "After kill -9 of the server the next start has every finished turn.",
      "of the server: the next start on the folder is ready by itself and has every finished turn",
    ],
  ]),
];
