import { provedBy, type Requirement } from "./requirement.ts";

/** Upstream engines and the router. */
export const upstreamsRequirements: readonly Requirement[] = [
  ...provedBy("server/src/engines/anthropic/anthropic-upstream.test.ts", [
    [
      "upstreams:bytes",
      "1",
      "A request for a pool of Messages servers goes out byte for byte, with the operator's key.",
      "byte for byte, with the operator's key in place of the client's",
    ],
    [
      "upstreams:events",
      "1",
      "Its events come back as they are, also those that are not known.",
      "and its events come back as they are, known or not",
    ],
    [
      "upstreams:ledger",
      "9",
      "What an upstream used is on the ledger before the client sees the end.",
      "on the ledger before the client sees the end, %s",
    ],
    [
      "upstreams:left",
      "7",
      "A client that leaves stops the upstream, and what was written counts.",
      "also where the client leaves: the upstream is told to stop, and what it wrote counts",
    ],
    [
      "upstreams:left-whole",
      "9",
      "A reply that is not streamed is accounted though its client has left.",
      "also of a reply that is not streamed: it is read to its end, unless the operator wants it stopped",
    ],
    [
      "upstreams:drips",
      "7",
      "An upstream that drips is waited for while it says something.",
      "that drips is waited for while it says something, event by event",
    ],
    [
      "upstreams:tls",
      "12",
      "An upstream that fails at TLS is one that cannot be reached.",
      "that fails at TLS is one that cannot be reached",
    ],
    [
      "upstreams:storm",
      "12",
      "An upstream that limits us is left alone for as long as it said.",
      "a storm of its 429s is let through to nobody: after the first it is left alone for as long as it said",
    ],
    [
      "upstreams:lies",
      "9",
      "An upstream's counts that are none are not believed.",
      "but counts that are none are not believed, and nobody pays for more than was asked for",
    ],
    [
      "upstreams:errors",
      "surface D",
      "An upstream's error is the client's, the operator's or the upstream's, and told as such.",
      "%s %s %j is the client's as it should be",
    ],
    [
      "upstreams:faults",
      "12",
      "A fault in an upstream's stream ends the client's stream with an error.",
      "that %s ends the client's stream with an error",
    ],
    [
      "upstreams:sdk",
      "1",
      "The official SDK accumulates through Parley what it accumulates from the upstream.",
      "the official SDK accumulates through both what it accumulates from one",
    ],
  ]),
  ...provedBy("server/src/engines/anthropic/request-alone.test.ts", [
    [
      "upstreams:request-alone",
      "12",
      "What is wrong with one client's request pauses no upstream for everybody else.",
      "%s pauses no upstream",
    ],
  ]),
  ...provedBy("server/src/engines/llama-server/connect-llama-server.model.test.ts", [
    [
      "upstreams:llama-flags",
      "12",
      "A llama-server elsewhere that lacks what is needed is told by the flag.",
      "that was started without what is needed says which flag is missing",
    ],
    [
      "upstreams:llama-anew",
      "7",
      "A llama-server elsewhere that was started anew with another model or other slots counts as gone.",
      "that is ended and started anew under other weights or slots is gone, though something answers there",
    ],
    [
      "upstreams:llama-state",
      "5",
      "State that an engine elsewhere keeps for nothing is written over.",
      "writes over the state that nothing stands for any more",
    ],
    [
      "upstreams:llama-vanished",
      "7",
      "The turns of a llama-server elsewhere that vanishes without a word end.",
      "that falls silent without closing a connection is gone, and so are the turns that it had",
    ],
  ]),
  ...provedBy("server/src/engines/llama-server/engine-socket.test.ts", [
    [
      "upstreams:llama-silent",
      "7",
      "A llama-server elsewhere that hangs over a turn has failed it after `silence_seconds`.",
      "a server elsewhere that hangs %s is silent, and its connection is closed",
    ],
  ]),
  ...provedBy("server/src/engines/vllm/vllm.test.ts", [
    [
      "upstreams:vllm-probe",
      "12",
      "What a vLLM can do is found by asking it.",
      "reads the model's facts, and how large the blocks of its cache are",
    ],
    [
      "upstreams:vllm-flags",
      "12",
      "A vLLM that lacks what is needed is told by the flag.",
      "that was started without %s says so",
    ],
    [
      "upstreams:vllm-decode",
      "3",
      "What a vLLM has decoded is its tokens, its text and why it ended.",
      "a recorded reply is its tokens, its text, its logprobs and why it ended",
    ],
    [
      "upstreams:vllm-salt",
      "10",
      "On a vLLM what is not to be reused is read under no earlier salt.",
      "a slot that is not to be reused reads under a salt of its own",
    ],
    [
      "upstreams:vllm-anew",
      "7",
      "Another vLLM in the place of one, without a gap, is connected to anew.",
      "a server that another has taken the place of without a gap is gone, too",
    ],
  ]),
  ...provedBy("server/src/engines/sglang/sglang.test.ts", [
    [
      "upstreams:sglang-probe",
      "12",
      "What an SGLang can do, and which special tokens it knows, is found by asking it.",
      "reads the model's facts and its special tokens, and how large the pages of its cache are",
    ],
    ["upstreams:sglang-flags", "12", "An SGLang that lacks what is needed is told what.", "that lacks what is needed: %s"],
    [
      "upstreams:sglang-template",
      "12",
      "A template of another model than an SGLang's is refused.",
      "whose tokenizer_config is of another model says so",
    ],
    [
      "upstreams:sglang-decode",
      "3",
      "What an SGLang has decoded is its tokens, its text and why it ended.",
      "a recorded reply is its tokens, its text, its logprobs and why it ended",
    ],
    [
      "upstreams:sglang-salt",
      "10",
      "On an SGLang what is not to be reused is read under no earlier salt.",
      "a slot that is not to be reused reads under a salt of its own",
    ],
    ["upstreams:sglang-stop", "7", "A turn that is left is stopped on an SGLang at once.", "%s stops the request by its name"],
  ]),
  ...provedBy("server/test/support/token-upstream-contract.ts", [
    [
      "upstreams:token-valid",
      "3",
      "On a token backend elsewhere calls are valid, schemas bind, and counts are exact.",
      "a forced call is valid, a schema binds the reply, and both are counted exactly",
    ],
    [
      "upstreams:token-cache",
      "5",
      "On a token backend elsewhere a cached prefix is read by what the engine says that it read.",
      "a cached prefix is written once and read again, by what the engine says that it read",
    ],
    [
      "upstreams:token-overflow",
      "6",
      "On a token backend elsewhere a prompt that is too long is told in the words that clients parse.",
      "a prompt that is too long is told in the words that clients parse, and the list of models says how long it may be",
    ],
    [
      "upstreams:token-leaves",
      "7",
      "A client that leaves frees a token backend elsewhere.",
      "a client that leaves frees the engine, and four at once are all answered",
    ],
    [
      "upstreams:token-gone",
      "7",
      "A token backend elsewhere that is ended ends its stream with an error, and the next turn goes to the fallback.",
      "an engine that is ended ends its stream with an error, and the next turn goes to the fallback",
    ],
  ]),
  ...provedBy("server/src/engines/chat-completions/chat-upstream.test.ts", [
    [
      "upstreams:chat-request",
      "1",
      "A conversation goes to a chat server with everything in its place.",
      "a conversation goes out as a chat, everything in its place",
    ],
    [
      "upstreams:chat-reply",
      "1",
      "Its reply is thinking, text and calls with the server's own counts.",
      "as thinking, text and calls that the official SDK accumulates, with the server's own counts",
    ],
    [
      "upstreams:chat-refused",
      "2",
      "What a chat server cannot do is refused by name.",
      "%s is refused by name before anything is sent",
    ],
    [
      "upstreams:chat-capabilities",
      "2",
      "What a chat server cannot do stands in the model's capabilities.",
      "stands in the model's capabilities",
    ],
    ["upstreams:chat-schema", "3", "A reply that does not fit its schema is a refusal.", "JSON that does not fit its schema"],
    [
      "upstreams:chat-count",
      "4",
      "A count is what the server itself counts for the prompt.",
      "a count is what the server counts for the same prompt",
    ],
  ]),
  ...provedBy("server/src/doors/openai/openai.test.ts", [
    [
      "openai:whole",
      "surface G",
      "The official OpenAI client gets a completion with the whole prompt's counts.",
      "gets a whole completion, with the counts of the whole prompt",
    ],
    [
      "openai:stream",
      "surface G",
      "It accumulates streams of text and calls.",
      "accumulates a stream of text and parallel calls, without the thinking",
    ],
    [
      "openai:request",
      "surface G",
      "Its conversation arrives as the same turn as a message's.",
      "sends a conversation that arrives as the same turn",
    ],
    ["openai:schema", "3", "Its structured output is bound by the schema.", "gets structured output by its schema"],
    ["openai:errors", "surface D", "It gets typed errors, also in mid-stream.", "gets typed errors, also in mid-stream"],
    [
      "openai:models",
      "surface G",
      "It lists models in its own shape, Messages clients in theirs.",
      "lists and gets models in its own shape, while Messages clients get theirs",
    ],
  ]),
  ...provedBy("server/src/engines/router/cut-off.test.ts", [
    [
      "router:cut-off",
      "12",
      "An upstream that dies over a turn without a first byte is made up for by another, or else is a 529 that says when to come again.",
      "%s over a turn without a first byte, with no other left: 529 that says when to come again",
    ],
    [
      "router:token-refused",
      "12",
      "A turn that a token backend does not take when it comes to decoding is made up for by another.",
      "a token backend that takes no turn when it comes to decoding is made up for by another",
    ],
  ]),
  ...provedBy("server/src/engines/router/upstream-node.test.ts", [
    [
      "router:probe-hangs",
      "12",
      "An upstream whose probe hangs is asked again.",
      "an upstream whose probe never ends is paused, asked again, and found well",
    ],
  ]),
  ...provedBy("server/src/engines/router/router.test.ts", [
    [
      "router:affinity",
      "5",
      "A conversation stays on the target where its prefix is.",
      "a conversation stays where its prefix is, and others go elsewhere",
    ],
    [
      "router:counts",
      "12",
      "An upstream that does not count tokens, or limits it, is not paused for that.",
      "who asks an upstream to count that %s pauses nobody's turns",
    ],
    [
      "router:left-alone",
      "12",
      "An upstream that said when to come back is left alone until then, whatever else it still does well.",
      "an upstream that wants to be left alone is left alone, whatever turns of it still end well",
    ],
    [
      "router:drained",
      "12",
      "An upstream that is drained ends what it has and gets nothing new.",
      "ends what it has and gets nothing new, and is home again when it is resumed",
    ],
    [
      "router:drained-waiting",
      "12",
      "Who waits for an upstream that is drained is answered elsewhere.",
      "is waited for no longer: fallbacks answer, else 529 says to come again",
    ],
    [
      "router:retry",
      "7",
      "A failure before the first byte is tried on another target.",
      "a failure before the first byte is tried on the other target, and the client sees none of it",
    ],
    ["router:no-retry", "9", "After the first byte nothing is tried again.", "after the first byte nothing is tried again"],
    [
      "router:fallback",
      "2",
      "Another pool answers when none of a pool's targets can, and the reply says so.",
      "another pool answers when none of a pool's targets can, and the reply says so",
    ],
    [
      "router:529",
      "surface D",
      "Where nobody is left 529 says when to come again.",
      "where nobody is left, 529 says when to come again, and nobody is asked meanwhile",
    ],
    [
      "router:probe",
      "7",
      "An upstream that was away is used again once a probe has found it.",
      "an upstream that was away is used again once a probe has found it",
    ],
    [
      "router:places",
      "8",
      "What no upstream has a place for waits, and is told when to come again where too many wait.",
      "what an upstream has no place for waits its turn, and goes elsewhere when that has one",
    ],
    [
      "router:deadline",
      "7",
      "Nobody waits for a place longer than the pool lets.",
      "who waits longer than the pool lets wait gets 529, and who leaves waits no more",
    ],
    [
      "router:regions",
      "surface B",
      "A turn for the United States goes to upstreams there only.",
      "a turn for the United States goes to upstreams there only, and costs a tenth more",
    ],
    [
      "router:reroute",
      "7",
      "New routes end no stream.",
      "end no stream: it goes on where it is, and its upstream is left when it has ended",
    ],
    [
      "router:reroute-waiting",
      "7",
      "New routes take along who waits, and are taken as a whole or not at all.",
      "take along who waits, change the names that are served, and are refused as a whole",
    ],
  ]),
  ...provedBy("server/src/engines/router/turn-queue.test.ts", [
    [
      "router:fair",
      "10",
      "Who waits is served by class, then by how little its workspace has.",
      "priority goes first, batch last, and between them the workspace with fewer turns",
    ],
  ]),
  ...provedBy("server/test/admin/cli.db.test.ts", [
    [
      "router:reload-nodes",
      "12",
      "All nodes read their routes anew at one command, and say what they made of them.",
      "an operator has all nodes read their routes anew, and is told what each made of them",
    ],
  ]),
];
