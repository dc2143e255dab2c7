import { provedBy, type Requirement } from "./requirement.ts";

/** What a request may hold, and what it becomes. */
export const validationRequirements: readonly Requirement[] = [
  ...provedBy("wire/src/validation/parse-request.test.ts", [
    ["request:words", "2", "A bad field is refused in the platform's words and path.", "%s"],
    [
      "request:tags",
      "surface B",
      "An unknown tag is told with the expected ones.",
      "an unknown tag is told with all expected tags, in order of the alphabet",
    ],
    [
      "dialect:sampling",
      "surface 0",
      "Sampling keys are extra inputs on the 2026 wire.",
      "%s is an extra input on the 2026 wire",
    ],
    [
      "dialect:document",
      "surface 0",
      "A document stands in an assistant message on the 2023 wire only.",
      "a document may stand in an assistant message on the 2023 wire only",
    ],
    [
      "dialect:citations",
      "surface 0",
      "Citations on a user's text are refused on the 2026 wire only.",
      "citations on a user's text are refused on the 2026 wire only, and empty ones on neither",
    ],
    [
      "request:system-place",
      "surface B",
      "A system message follows the user and precedes the assistant or ends the conversation.",
      "a system message follows the user and precedes the assistant or ends the conversation",
    ],
    ["request:empty-text", "surface B", "An empty text block is refused.", "an empty text block"],
    ["request:prefill-blank", "surface B", "A prefill does not end with a blank.", "a prefill does not end with a blank"],
    [
      "pairing:answered",
      "surface B",
      "Every tool use is answered in the next message.",
      "every use is answered in the next message",
    ],
    ["pairing:lead", "surface B", "Tool results lead the user's message.", "results lead the user's message"],
    ["pairing:stray", "surface B", "Nothing else is answered, and nothing twice.", "nothing else is answered, and nothing twice"],
    ["tools:unique", "surface B", "Tool names are unique.", "tool names are unique"],
    ["tools:choice", "surface B", "The chosen tool is declared.", "the chosen tool is declared"],
    ["thinking:forced", "surface B", "Thinking does not go with a forced tool.", "thinking is not forced to a tool"],
    [
      "thinking:budget",
      "surface B",
      "A thinking budget is less than max_tokens, save with interleaved thinking.",
      "the budget is less than max_tokens, save with interleaved thinking",
    ],
    ["stops:blank", "surface B", "A stop sequence is not blank.", "a stop sequence is not blank"],
    ["cache:four", "surface B", "At most four blocks carry cache_control.", "four, and no more"],
    [
      "cache:automatic",
      "surface B",
      "The automatic mark takes one of the four.",
      "the automatic mark takes one of the four, unless it falls on a marked block",
    ],
    ["cache:ttl-order", "surface B", "1h marks stand before 5m marks.", "1h before 5m, in the order tools, system, messages"],
    ["hostile:nesting", "Core", "100,000 levels of nesting are refused at once.", "100,000 levels of nesting"],
    ["hostile:millions", "Core", "Millions of wrong elements are refused at once.", "millions of elements"],
    [
      "claude-code:request",
      "1",
      "A request of Claude Code 2.1.330 is accepted as it stands.",
      "a request of 2.1.330 is accepted as it stands",
    ],
  ]),
  ...provedBy("wire/src/validation/find-problem.test.ts", [
    [
      "request:mutations",
      "Core",
      "5,000 wounded requests are told what is wrong in one line.",
      "5,000 wounded requests never throw, are told what is wrong in one line, and zod has the same verdict",
    ],
  ]),
  ...provedBy("wire/test/sdk-types.test.ts", [
    ["wire:reply", "1", "A reply has the SDK's type.", "a reply is what the SDK reads"],
    ["wire:keys", "2", "Every key that the SDK sends is known.", "every key that the SDK sends is known"],
  ]),
  ...provedBy("server/src/prompt/to-turn.test.ts", [
    [
      "prompt:mutations",
      "2",
      "A valid request becomes a turn or a 400, never another error.",
      "5,000 wounded requests that pass validation become a turn or a 400, never another error",
    ],
    [
      "prompt:attribution",
      "5",
      "Claude Code's attribution line is in no cached prefix.",
      "the attribution block of Claude Code is not in the prompt, so the prefix is the same for every version",
    ],
    [
      "prompt:client-tools",
      "surface B",
      "Anthropic's client-run tools come with a schema and a description.",
      "client-run Anthropic tools come with a schema and a description",
    ],
    [
      "thinking:loop",
      "surface B",
      "Thinking stays in a tool loop and goes when the user says something new.",
      "stays in a tool loop, and goes when the user says something new",
    ],
    [
      "thinking:tampered",
      "surface B",
      "Changed thinking is the platform's 400, also in an old turn.",
      "a changed text or a foreign signature is the platform's 400, also in an old turn",
    ],
    ["thinking:redacted", "Core", "Redacted thinking is accepted.", "redacted thinking is accepted"],
    [
      "thinking:between-tools",
      "surface B",
      "between_tools thinks after a tool result and not before.",
      "between_tools thinks after a tool result and not before",
    ],
    [
      "effort:system",
      "surface B",
      "A system message sets the effort of its turn.",
      "a system message can set the effort of this turn, and ends when it says so",
    ],
  ]),
  ...provedBy("server/src/prompt/deferred-tools.test.ts", [
    [
      "tools:deferred",
      "surface C",
      "A deferred tool is neither in the prompt nor callable until it is loaded.",
      "is neither in the prompt nor offered until something loads it",
    ],
    [
      "tools:reference",
      "surface C",
      "A tool_reference defines its tool in the tool result that holds it.",
      "is defined in the tool result that refers to it, and offered from there on",
    ],
    [
      "tools:deferred-forced",
      "surface C",
      "A forced call of a deferred tool loads it.",
      "that the choice forces is defined before the reply, and before its prefill",
    ],
    [
      "tools:change",
      "surface B",
      "Tools can be added and removed within a conversation.",
      "adds a deferred tool, removes one, and brings it back",
    ],
    [
      "thinking:updates",
      "2",
      "Thinking shown as updates shows nothing, as none are written.",
      "thinking.display `updates` shows no thinking, as no update is written",
    ],
  ]),
  ...provedBy("server/src/prompt/thinking-signature.test.ts", [
    [
      "signature:bound",
      "10",
      "A signature holds for its own text in its own workspace.",
      "a signature verifies its own text in its own workspace only",
    ],
    [
      "signature:changed",
      "surface B",
      "Any changed character makes a signature invalid.",
      "any changed character makes it invalid",
    ],
  ]),
  ...provedBy("server/src/prompt/apply-context-edits.test.ts", [
    [
      "edits:tool-uses",
      "surface B",
      "Cleared tool results leave a note; the last three stay.",
      "keeps the last three results and leaves a note in the place of the others",
    ],
    [
      "edits:at-least",
      "surface B",
      "An edit that clears too little is not applied.",
      "less than clear_at_least is not worth a broken cache",
    ],
    [
      "edits:order",
      "surface B",
      "Several edits apply in order, each with its own count.",
      "several edits apply in order, each with its own count",
    ],
  ]),
];
