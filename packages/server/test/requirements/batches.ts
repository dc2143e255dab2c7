import { provedBy, type Requirement } from "./requirement.ts";

/** Batches. */
export const batchesRequirements: readonly Requirement[] = [
  ...provedBy("server/test/crash/mixed-load.db.test.ts", [
    [
      "batches:once",
      "9",
      "However often server, workers and the database are killed, each request of a batch has one result and one charge.",
      "kill -9 of server, worker and database, round after round, under messages, streams and batches: nothing is lost or doubled",
    ],
  ]),
  ...provedBy("server/src/endpoints/batches-create/batches.db.test.ts", [
    [
      "batches:sdk",
      "surface F",
      "The official SDK creates, polls, lists, reads and deletes batches.",
      "create, retrieve, list, results and delete",
    ],
    [
      "batches:queue-limit",
      "surface H",
      "How many requests of an organization's batches may wait at once is limited by its tier; more answer 429 with retry-after.",
      "requests that wait in an organization's batches are limited, and those that are done make room",
    ],
    [
      "batches:dialects",
      "surface 0",
      "A batch's requests are read in its client's dialect; what is wrong with one is its result.",
      "an older client's batches are the same, in its dialect",
    ],
    [
      "batches:ledger",
      "9",
      "A batch's turn is on the ledger once, at batch prices, and draws on no limit.",
      "each turn is on the ledger once, with its result's request, at batch prices, and limits are not touched",
    ],
    [
      "batches:cancel",
      "surface F",
      "A canceled batch finishes what runs and begins nothing more.",
      "a canceled batch finishes what runs and begins nothing more",
    ],
    [
      "batches:isolation",
      "10",
      "Another workspace's batch answers like one that never was.",
      "another workspace's batch answers like one that never was",
    ],
    [
      "batches:results",
      "surface A",
      "Results come in ranges, from the host that the client used, after the end.",
      "results come in ranges, from the host that the client used, and not before the end",
    ],
    [
      "batches:retry",
      "surface F",
      "What may pass is tried again; what errored is not billed.",
      "a failure that may pass is tried again; one that stays is the result, and is not billed",
    ],
    [
      "batches:times",
      "surface E",
      "What has not begun after 24 hours expires; results go after 29 days.",
      "after 24 hours what has not begun expires, and after 29 days the results are gone",
    ],
    [
      "batches:drain",
      "7",
      "A worker that stops gives back what it has not finished.",
      "a worker that stops gives back what it has not finished, and another does it",
    ],
    [
      "batches:order",
      "5",
      "Requests with a common beginning are run one after the other.",
      "requests with a common beginning are run one after the other",
    ],
    [
      "batches:too-large",
      "surface E",
      "A body of 300 MB is refused before it is read.",
      "one of 300 MB gets 413 before it is read",
    ],
    ["batches:cut", "surface E", "A body that breaks off leaves nothing.", "one that breaks off leaves nothing"],
  ]),
  ...provedBy("server/test/batches/worker.db.test.ts", [
    [
      "batches:poison",
      "9",
      "A request that ends its process again and again has an error as its result, and takes no other along.",
      "a request that ends every process that runs it errors after five of them, and its neighbours succeed",
    ],
    [
      "batches:user",
      "8",
      "A batch counts for the person whom its key acts for.",
      "a batch's requests are those of the person whom its key acted for",
    ],
    [
      "batches:not-ended",
      "7",
      "A batch that cannot be ended holds up no other.",
      "a batch that cannot be ended keeps no other from being worked on",
    ],
    [
      "batches:held",
      "8",
      "What is held for a request that fails is given back.",
      "a request that fails once it has begun gives back what was held for it, and is not billed",
    ],
    [
      "batches:keeps-nothing",
      "8",
      "A workspace that keeps nothing by now leaves no prompt of its batches behind.",
      "of a workspace that keeps nothing by now a batch's requests leave no prompt behind",
    ],
  ]),
];
