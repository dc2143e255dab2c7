import { provedBy, type Requirement } from "./requirement.ts";

const TURN = "server/src/engines/turn-engine";

/** How a turn is rendered, decoded, parsed and cached. */
export const engineRequirements: readonly Requirement[] = [
  ...provedBy(`${TURN}/grammar/compile-json-schema.test.ts`, [
    ["grammar:exact", "3", "An exact grammar writes only JSON that validates.", "an exact grammar writes only valid JSON"],
    [
      "grammar:any",
      "3",
      "Any JSON compiles as a schema, without an error.",
      "any JSON compiles as a schema, without an error and to a grammar that can be read",
    ],
    ["grammar:bounded", "Core", "A hostile schema compiles to few rules.", "%s compiles to few rules"],
  ]),
  ...provedBy(`${TURN}/syntax/tool-syntax.test.ts`, [
    [
      "syntax:own",
      "3",
      "A family's own calls are read, however the text is cut.",
      "reads its own calls, one or several, with text before, however the text is cut",
    ],
    ["syntax:near-miss", "3", "Near misses of weak models are recognised as the calls they are.", "recognises %s"],
    [
      "syntax:forced",
      "3",
      "A forced call follows its grammar and is read back.",
      "a forced call follows its grammar, and is read back as one call",
    ],
    [
      "syntax:rest",
      "3",
      "A call opened in free text is completed under its grammar.",
      "a call that was opened in free text can be completed under its grammar",
    ],
    [
      "syntax:text",
      "3",
      "Text about other things is never changed.",
      "text about other things is never changed, however it is cut",
    ],
    ["syntax:cut", "3", "Any text gives the same events however it is cut.", "any text gives the same events however it is cut"],
    [
      "syntax:several",
      "Core",
      "Several calls in one array, fence or run of lines are read.",
      "several calls in one array, fence or run of lines",
    ],
  ]),
  ...provedBy(`${TURN}/syntax/stop-scanner.test.ts`, [
    [
      "stops:borders",
      "surface B",
      "Stop sequences match across token borders.",
      "as if the text had been searched whole, however it is cut",
    ],
    [
      "stops:input",
      "surface B",
      "A stop sequence inside a tool's input closes the JSON.",
      "what was shown can be closed, and holds the value up to the stop sequence",
    ],
  ]),
  ...provedBy(`${TURN}/generate-structured.test.ts`, [
    ["stops:format", "surface B", "Stop sequences end a reply that has a format.", "as it is decoded, whatever the pieces"],
  ]),
  ...provedBy(`${TURN}/render/hashes.test.ts`, [
    [
      "replay:own-keys",
      "5",
      "A reply is replayed only where its inputs are the same, whatever their keys are named.",
      "an argument named like a breakpoint is content, at any depth",
    ],
  ]),
  ...provedBy(`${TURN}/generate-reply.test.ts`, [
    [
      "think:cut",
      "Core",
      "Thinking's markup never reaches a client as text, with thinking on or off, with tools or without, however it is cut.",
      "thinking's markup never reaches the client, however the model's output is cut",
    ],
    [
      "think:unasked",
      "3",
      "A thought that a model opens where none is wanted is closed at once, and the answer follows.",
      "%s: what the model opens is closed at once",
    ],
    [
      "think:room",
      "4",
      "Thinking that a template has opened takes no more tokens than max_tokens.",
      "a template's open thought takes no more than max_tokens",
    ],
  ]),
  ...provedBy(`${TURN}/render/create-prompt-renderer.test.ts`, [
    [
      "render:unwanted-thought",
      "3",
      "Where a template opens a thought and none is wanted, the prompt closes it.",
      "%s: has it closed where none is wanted",
    ],
    [
      "render:loaded-tool",
      "5",
      "A tool that is loaded later leaves the prompt before it as it was.",
      "a tool that is loaded later stands where it was loaded, and the prompt before it is the same",
    ],
    [
      "render:special",
      "Core",
      "Text that spells a special token stays text.",
      "%s: a spelling of a special token in any content is never one",
    ],
    [
      "render:late-system",
      "Core",
      "A system message after the question does not become the thing answered.",
      "a system message after the question stands marked before it, and the blocks before stay",
    ],
    [
      "render:no-system-role",
      "Core",
      "A template without a system role gets the system text in the first question.",
      "a template without a system role gets the system text in the first question",
    ],
    [
      "render:no-tools",
      "Core",
      "A template without tools gets them as text.",
      "a template without tools gets them as text in front of the system text",
    ],
    ["render:arguments", "5", "Re-ordered tool arguments give the same prompt.", "re-ordered arguments give the same prompt"],
    ["render:prefill", "Core", "A prefill is the end of the prompt.", "%s: a prefill is the end of the prompt"],
    [
      "render:system-first",
      "5",
      "Where a template prints the system text before the tools, both end where the later ends.",
      "where the system text stands before the tools, both end where the later of them ends",
    ],
    [
      "render:replay",
      "Core",
      "Our own reply comes back as the tokens that it was.",
      "our own reply comes back as the tokens that it was, whatever the order of keys",
    ],
    [
      "render:memo",
      "Core",
      "A prompt that was rendered before is not tokenized again.",
      "a prompt of 12,000 tokens is rendered again without tokenizing anything again",
    ],
    [
      "cache:diagnostics",
      "surface E",
      "The part of the prompt that changed is named.",
      "name the part that changed, and nothing else",
    ],
  ]),
  ...provedBy(`${TURN}/render/prefix-property.test.ts`, [
    [
      "cache:prefix",
      "5",
      "The tokens before a cache boundary depend on nothing after it.",
      "%s: the tokens before a boundary depend on nothing after it",
    ],
    [
      "render:complete",
      "2",
      "Every text of a turn is in its prompt.",
      "%s: every text of any turn is in the prompt, in order of position",
    ],
  ]),
  ...provedBy(`${TURN}/render/render.model.test.ts`, [
    [
      "render:own-template",
      "Core",
      "On real weights a conversation is what the model's own template prints.",
      "a plain conversation is what the model's own template prints",
    ],
  ]),
  ...provedBy(`${TURN}/overflow.test.ts`, [
    [
      "overflow:prompt",
      "6",
      "A prompt beyond the window is refused in the sentence that clients parse.",
      "a prompt beyond the window is refused in the sentence that clients parse",
    ],
    [
      "overflow:max-tokens",
      "6",
      "max_tokens beyond the window is refused in its own sentence where the model refuses it.",
      "max_tokens beyond the window is refused in its own sentence where the model refuses it",
    ],
  ]),
  ...provedBy(`${TURN}/cache/cache-plan.test.ts`, [
    [
      "cache:sum",
      "5",
      "Read, written and plain tokens are always the whole prompt.",
      "read, written and plain tokens always sum to the prompt",
    ],
    [
      "cache:look-back",
      "surface E",
      "An entry is found up to twenty blocks before a breakpoint.",
      "an entry is found up to twenty blocks before a breakpoint, not further",
    ],
    [
      "cache:minimum",
      "surface E",
      "A prefix under the minimum is silently not cached.",
      "a prefix under the minimum is silently not cached",
    ],
    [
      "cache:breakpoint",
      "surface E",
      "Without a breakpoint nothing is read.",
      "without a breakpoint nothing is read, whatever is stored",
    ],
    ["cache:salt", "10", "A cache key names tokens, workspace and model.", "a key names the tokens, the workspace and the model"],
  ]),
  ...provedBy(`${TURN}/cache/snapshot-store.test.ts`, [
    [
      "cache:lifetime",
      "5",
      "An entry lives five minutes or an hour from its last read.",
      "an entry lives five minutes from its last read, or an hour when asked",
    ],
    [
      "cache:restart",
      "5",
      "Entries survive a restart; expired and torn ones do not.",
      "entries survive a restart, expired ones and torn folders do not",
    ],
    [
      "cache:budget",
      "Core",
      "Over the budget the largest workspace loses its least recent snapshot.",
      "over the budget the largest workspace loses its least recent snapshot, not the others",
    ],
  ]),
  ...provedBy(`${TURN}/cache/take-slot.test.ts`, [
    [
      "cache:single-flight",
      "5",
      "Turns that need the same prefix at once compute it once.",
      "two turns that get their slots at once compute their prefix once",
    ],
    [
      "cache:announce",
      "5",
      "A turn that queues does not hold up others that need its prefix.",
      "a turn that queues for a slot does not keep another that needs the same prefix waiting",
    ],
  ]),
  ...provedBy(`${TURN}/cache/slot-scheduler.test.ts`, [
    [
      "slots:isolation",
      "10",
      "Another workspace's computed tokens are never reused.",
      "another workspace's tokens are never reused, though they are the same",
    ],
    [
      "slots:fair",
      "Core",
      "Priority goes first, and a workspace that holds slots waits for one that holds none.",
      "priority goes first, batch last, and a workspace with slots waits for one without",
    ],
  ]),
  ...provedBy("server/src/engines/contract/test-token-backend-contract.ts", [
    [
      "engine:slots-changed",
      "5",
      "A stored prefix outlives a change of the number of slots.",
      "a saved slot goes on in an engine with another number of slots, unless that has another fingerprint",
    ],
    [
      "backend:abort",
      "7",
      "An abort stops decoding within one token.",
      "an abort stops decoding within one token and keeps what was computed",
    ],
    [
      "backend:prefill-abort",
      "7",
      "An abort during prefill takes effect at the next batch.",
      "an abort during prefill takes effect at the next batch, and the computed part is used again",
    ],
    [
      "backend:grammar",
      "3",
      "A grammar binds the text from its first token.",
      "a grammar binds the text from its first token, and its end ends the decode",
    ],
    ["backend:cached", "5", "Cached tokens are exactly the resident prefix.", "cached tokens are exactly the resident prefix"],
    ["backend:snapshot", "5", "A saved slot goes on in another slot.", "a saved slot goes on in another slot"],
    [
      "backend:foreign-snapshot",
      "5",
      "A snapshot of another model is refused.",
      "a file that is no snapshot of this model is refused, and the slot goes on working",
    ],
    [
      "backend:slots",
      "Core",
      "All slots at once decode what each decodes alone.",
      "all slots at once decode what each decodes alone",
    ],
    ["backend:killed", "Core", "kill -9 of an engine ends every call under way.", "kill -9 ends every call with BackendGone"],
  ]),
  ...provedBy("server/src/engines/local/local-models.model.test.ts", [
    [
      "models:restart",
      "Core",
      "After kill -9 of the engine the model comes back.",
      "kill -9 ends the turns under way, and the model comes back",
    ],
  ]),
  ...provedBy("server/src/engines/local/local-models.test.ts", [
    [
      "models:once",
      "Core",
      "However many ask at once, a model is loaded once.",
      "however many ask at once, a model is loaded once",
    ],
    [
      "models:least-used",
      "Core",
      "The least recently used idle model makes room.",
      "the least recently used idle model makes room",
    ],
    [
      "models:auto",
      "Core",
      "auto takes llama-server, and the embedded engine where there is none.",
      "auto takes llama-server, and the embedded engine where there is none",
    ],
    [
      "models:keep-alive",
      "Core",
      "An idle model is unloaded after its keep-alive.",
      "an idle model is unloaded after its keep-alive, a used one is not",
    ],
  ]),
  ...provedBy("server/src/engines/gguf/plan-memory.test.ts", [
    [
      "memory:refusal",
      "Core",
      "A model that does not fit is refused with numbers and a remedy.",
      "a refusal names the numbers and the remedy, and keeps them from the public",
    ],
  ]),
  ...provedBy("server/src/engines/llama-server/llama-server.model.test.ts", [
    [
      "engine:orphan",
      "Core",
      "An engine whose Parley was killed is ended by the next start.",
      "kill -9 of the parent ends the engine, and the next start clears the record",
    ],
    [
      "engine:watchdog",
      "Core",
      "A slot that stalls under a grammar is cut off.",
      "a stopped engine under a grammar is cut off by the watchdog",
    ],
    ["engine:private", "11", "Only Parley can reach its engine.", "only we can reach the engine"],
  ]),
  ...provedBy(`${TURN}/tool-decision/tool-decision.test.ts`, [
    [
      "tools:decision",
      "Core",
      "A call that fits is made, one that does not is not.",
      "a tool that fits is called, one that does not is not, and between them the values decide",
    ],
  ]),
  ...provedBy(`${TURN}/tool-decision/tool-fit.test.ts`, [
    [
      "tools:decision-full-disk",
      "Core",
      "A call is made unjudged where the slot cannot be put aside.",
      "a full disk means that nothing is asked and the call is made",
    ],
  ]),
  ...provedBy(`${TURN}/generate-calls.test.ts`, [
    [
      "tools:stop-held",
      "3",
      "A held call that runs into a stop sequence is judged like any other.",
      "that runs into a stop sequence ends the reply, and is judged first where its values decide",
    ],
    [
      "tools:loaded-call",
      "3",
      "A call to a tool that was loaded later is decoded under its grammar.",
      "to a tool that the conversation has loaded is completed under that tool's grammar",
    ],
    [
      "tools:resample",
      "Core",
      "An input whose schema had to be relaxed is validated before it is sent, and decoded once more.",
      "is validated before it is sent, and decoded once more",
    ],
    [
      "tools:resample-each",
      "Core",
      "Of several calls in one reply each is decoded once more where its input is wrong.",
      "each call of a reply is decoded once more",
    ],
    [
      "stops:held",
      "surface B",
      "Stop sequences are looked for in text that was held back, too.",
      "in a format's text that was held until it was valid",
    ],
    [
      "tools:refusal",
      "Core",
      "An input that cannot be made valid ends the turn honestly.",
      "ends the turn as a refusal when the second is wrong too",
    ],
    [
      "tools:begun",
      "3",
      "Once a call has begun, the rest of it is bound by its tool's grammar.",
      "that begins in free text is completed under its tool's grammar",
    ],
    [
      "tools:repeated",
      "Core",
      "A call that has just been answered is not made again.",
      "that repeats an answered one is not made, and the model is shown the answer again",
    ],
  ]),
  ...provedBy(`${TURN}/cached-prefill.test.ts`, [
    [
      "queue:pieces",
      "Core",
      "A short prompt does not wait for the end of a long one.",
      "a long prompt is computed in pieces, between which other turns have theirs computed",
    ],
    [
      "cache:full-disk",
      "5",
      "What a full disk does not take is not counted as written.",
      "a prefix that a full disk does not take is plain input, and the turn goes on",
    ],
  ]),
  ...provedBy(`${TURN}/decoder.test.ts`, [
    [
      "cache:refused-grammar",
      "10",
      "A refused grammar opens no other workspace's computed tokens.",
      "after a grammar that was refused at once, another workspace's content in the slot is still not reused",
    ],
  ]),
  ...provedBy(`${TURN}/cache-diagnostics.test.ts`, [
    [
      "cache:no-false-miss",
      "surface E",
      "A conversation that has grown and reads what was cached is told no miss.",
      "a conversation that has grown and reads what was cached missed nothing",
    ],
  ]),
];
