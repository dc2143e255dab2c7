import { provedBy, type Requirement } from "./requirement.ts";

const CREATE = "server/src/endpoints/messages-create";

/** What a client sees of the Messages API. */
export const messagesRequirements: readonly Requirement[] = [
  ...provedBy("server/src/compaction/compaction.test.ts", [
    [
      "messages:compaction",
      "surface B",
      "A conversation that has grown too long is summarized, and the reply goes on from the summary.",
      "is summarized by a turn of the engine, and the reply goes on from the summary",
    ],
    [
      "messages:compaction:usage",
      "9",
      "A summary is billed once, and counted apart from the reply.",
      "counts its summary apart from the reply, and bills both",
    ],
    [
      "messages:compaction:stream",
      "1",
      "The SDK's stream gathers a compacted reply.",
      "streams the summary as one block before the reply, and the SDK gathers what a whole reply has",
    ],
    [
      "messages:compaction:history",
      "surface B",
      "A history is read from its last summary on.",
      "a history is read from its last summary on, and tools that came and went before it are remembered",
    ],
  ]),
  ...provedBy(`${CREATE}/sdk.test.ts`, [
    [
      "sdk:stream",
      "1",
      "The SDKs of both dialects accumulate a stream of thinking, text and calls.",
      "accumulates a stream of thinking, text and parallel calls",
    ],
    ["sdk:whole", "1", "A whole reply is the same message that its stream makes.", "gets the same message whole"],
    ["sdk:models", "1", "The SDKs count tokens and list and get models.", "counts tokens, lists and gets models"],
    ["sdk:errors", "1", "Errors are the SDK's typed ones.", "gets typed errors"],
    [
      "stream:order",
      "1",
      "A stream has the platform's events in the platform's order, each in its schema's shape.",
      "a stream has exactly the platform's events in the platform's order, and each fits its schema",
    ],
    [
      "reply:fields",
      "1",
      "A reply has every field, nullable ones included.",
      "a whole reply has every field of its schema, nullable ones included",
    ],
    [
      "thinking:omitted",
      "surface B",
      "Thinking that is not displayed still has its signature.",
      "thinking with display omitted is a block without text that still has its signature",
    ],
    [
      "tools:cut",
      "surface C",
      "A call cut by max_tokens keeps its completed members, and its streamed block has no stop.",
      "a call cut by max_tokens keeps its completed members; its streamed block has no stop",
    ],
  ]),
  ...provedBy(`${CREATE}/sharing.test.ts`, [
    [
      "join:running",
      "7",
      "A re-sent request joins the running turn and reads it from its beginning.",
      "joins the running turn and reads it from its beginning",
    ],
    [
      "join:leave",
      "7",
      "The engine goes on while one reader is left, and stops with the last.",
      "keeps the engine going when the first client leaves; the last one to leave stops it",
    ],
    [
      "join:stranger",
      "10",
      "No other workspace's turn, other body or ended turn is joined.",
      "does not join another workspace's turn, another body, or a turn that has ended",
    ],
    [
      "join:first",
      "7",
      "Identical first requests are turns of their own.",
      "identical first requests are turns of their own: best-of-n callers send them on purpose",
    ],
    [
      "idempotency:replay",
      "7",
      "An Idempotency-Key replays the first reply without a second turn.",
      "replays the first reply, %s, without a second turn",
    ],
    [
      "idempotency:mismatch",
      "7",
      "A key with other parameters is a 400.",
      "with other parameters is a 400, which clients do not send again",
    ],
    [
      "idempotency:failure",
      "7",
      "Nothing is stored of a request that failed.",
      "stores nothing of a request that is refused or fails: the next one runs",
    ],
    ["idempotency:workspace", "10", "A key belongs to its workspace.", "is of its workspace alone"],
  ]),
  ...provedBy("server/src/endpoints/complete/complete.test.ts", [
    [
      "complete:turn",
      "surface A",
      "A legacy prompt becomes a turn and its reply a completion.",
      "a legacy prompt becomes a turn, and its reply a completion",
    ],
    [
      "complete:stream",
      "surface A",
      "A legacy completion streams and ends with its reason.",
      "a streamed completion comes in pieces and ends with its reason",
    ],
  ]),
  ...provedBy("server/src/endpoints/models-list/models-list.test.ts", [
    ["models:pages", "surface A", "The list of models pages both ways.", "pages forwards and backwards over the same list"],
    ["models:lifecycle", "surface A", "The list of models filters by lifecycle.", "filters by lifecycle"],
  ]),
  ...provedBy("server/src/models/model-registry.test.ts", [
    [
      "models:aliases",
      "surface H",
      "An alias or dated id resolves to the pinned id and the configured weights.",
      "%s is %s on %s",
    ],
    ["models:unknown", "surface B", "A model that is not served is not found.", "%j is not found"],
    ["models:honest", "Core", "A model's display name says which weights really answer.", "shows what really answers"],
  ]),
  ...provedBy("server/src/doors/server.test.ts", [
    [
      "stream:opens",
      "7",
      "A stream whose model is still being loaded is opened and pings; a refusal is then an event.",
      "a stream that cannot start yet is opened, pings, and then is whole; a refusal then is an event",
    ],
    [
      "drain:slow-body",
      "Core",
      "A body that comes slowly does not hold a server that closes.",
      "a body that comes slowly does not hold a server that closes",
    ],
    ["limits:read-once", "8", "The limits are read once for a reply.", "the limits are read once for a reply"],
    [
      "door:ids",
      "12",
      "Every reply has its request id, the organization, the limits and the times.",
      "every reply has its ids, the limits and the times",
    ],
    [
      "door:error-headers",
      "8",
      "Every authenticated reply tells the limits and the organization, errors too.",
      "%s: the organization and the limits are told",
    ],
    [
      "door:timing",
      "12",
      "A stream tells its later times before it ends.",
      "a stream says its later times in a comment before message_stop",
    ],
    ["door:dialects", "1", "Both versions take both ways to present a key.", "version %s takes both ways to present a key"],
    ["door:version", "surface 0", "A missing or unknown version is a 400.", "a missing or unknown version is a 400"],
    ["door:key", "surface A", "A missing or wrong key is a 401.", "a missing or wrong key is a 401"],
    ["door:betas", "2", "Unknown beta headers are accepted.", "unknown betas are fine"],
    [
      "door:paths",
      "surface 0",
      "A doubled /v1 and a trailing slash are forgiven.",
      "a doubled /v1 and a trailing slash are forgiven",
    ],
    [
      "door:method",
      "surface A",
      "A wrong method is a 405 that names the right one.",
      "a wrong method is a 405 that names the right one",
    ],
    [
      "door:probes",
      "Core",
      "Health, readiness, metrics and the contract are served.",
      "health, readiness, metrics and the contract are there",
    ],
    [
      "door:size",
      "Core",
      "A body announced as too large is a 413 before it is sent.",
      "a body announced as too large is refused at once, before it is sent",
    ],
    [
      "door:chunked",
      "Core",
      "A chunked body that grows too large is refused on the way.",
      "a chunked body that grows too large is refused on the way",
    ],
    ["door:stream-400", "surface B", "An invalid streaming request is plain JSON.", "an invalid streaming request is plain JSON"],
    [
      "door:broken-http",
      "Core",
      "What is no HTTP, or has too large or too many headers, still gets the envelope.",
      "what is no HTTP, or has too large or too many headers, gets the envelope",
    ],
    [
      "door:internals",
      "3",
      "An unexpected error tells the client nothing of the server.",
      "an unexpected error tells the client nothing of itself, and the log everything",
    ],
    ["door:429", "8", "A 429 says when to come back.", "a 429 says when to come back"],
    [
      "stream:error",
      "surface C",
      "A failure after the start is an error event, and what was decoded is recorded.",
      "a failure after the start is an error event, and what was decoded is recorded",
    ],
    ["stream:ping", "7", "A silent stream pings.", "a silent stream pings"],
    [
      "stream:gone",
      "7",
      "A client that leaves stops the engine, and the turn is recorded.",
      "a client that leaves stops the engine, and the turn is recorded",
    ],
    [
      "stream:slow",
      "Core",
      "A client that stops reading is cut off and holds no memory.",
      "a client that stops reading is cut off and holds no memory",
    ],
    [
      "stream:drain",
      "Core",
      "A server that closes lets streams finish, within a time.",
      "a server that closes lets a stream finish, and ends one that takes too long with overloaded_error",
    ],
    [
      "ledger:before-end",
      "9",
      "A turn is on the ledger before its client sees the end.",
      "the row is in the ledger before the client sees the end",
    ],
    [
      "ledger:refused",
      "9",
      "A refusal before the start costs nothing.",
      "a refusal before the start is JSON; it costs nothing and is not recorded",
    ],
    [
      "safe:cors",
      "11",
      "A browser reads replies only where it may.",
      "a browser may read replies only where the page allows it to itself",
    ],
  ]),
  ...provedBy("server/test/e2e/fuzz.e2e.test.ts", [
    [
      "fuzz:server",
      "3",
      "Fuzzed requests to a started Parley get 2xx or a well-formed 4xx, and memory does not grow.",
      "${CASES} fuzzed requests get 2xx or a well-formed 4xx, leak nothing, and leave no memory behind",
    ],
  ]),
  ...provedBy("server/test/e2e/claude-code.e2e.test.ts", [
    [
      "claude-code:session",
      "1",
      "Claude Code reads a file with its tool, and its second turn reads the cached prefix.",
      "Claude Code reads a file with its tool; the second turn, and a conversation after a restart, read the cache",
    ],
    [
      "cache:server-restart",
      "5",
      "A restarted Parley reads the prefix that it stored before.",
      "Claude Code reads a file with its tool; the second turn, and a conversation after a restart, read the cache",
    ],
  ]),
  ...provedBy("server/test/e2e/typescript-sdk.e2e.test.ts", [
    [
      "e2e:count",
      "4",
      "On real weights count_tokens is exactly what the same message uses.",
      "counts tokens exactly as a message of the same request uses them",
    ],
    [
      "e2e:cache",
      "5",
      "On real weights a cached prefix is written once and read by the second call.",
      "a cached prefix is written once and read by the second call",
    ],
    [
      "e2e:near-miss",
      "3",
      "On real weights a call that the model wrote in its own form is a tool_use.",
      "tool_choice auto turns the model's own form of a call into tool_use",
    ],
    [
      "e2e:thinking",
      "surface B",
      "On real weights thinking is signed, accepted back, and refused when it was changed.",
      "thinking is signed, accepted back, and refused when it was changed",
    ],
    [
      "e2e:parse",
      "Core",
      "The SDK's parse helper gives an object of the asked shape.",
      "parse gives an object of the asked shape",
    ],
    [
      "e2e:runner",
      "Core",
      "The SDK's tool runner runs a tool and returns the answer.",
      "the tool runner runs a tool and returns its answer",
    ],
    ["e2e:abort", "7", "An aborted stream stops the engine.", "an aborted stream stops the engine"],
  ]),
  ...provedBy("server/test/e2e/python-sdk.e2e.test.ts", [
    [
      "python:count",
      "4",
      "The Python SDK's count_tokens is what the same message uses.",
      "count_tokens is what a message of the same request uses",
    ],
    ["python:abort", "7", "A stream that the Python SDK leaves stops the engine.", "an aborted stream has stopped the engine"],
    ["sdk:python", "1", "The Python SDK, newest and 0.79, works unmodified.", "%s"],
  ]),
  ...provedBy("server/src/idempotency-in-database.db.test.ts", [
    [
      "messages:idempotency-lease",
      "7",
      "The key of a process that died is free soon after; that of one that lives is not.",
      "a claim stands as long as its process lives, and is free soon after it died",
    ],
  ]),
];
