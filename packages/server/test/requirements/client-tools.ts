import { provedBy, type Requirement } from "./requirement.ts";

/** Tools that the client runs, and how the model is told of them. */
export const clientToolsRequirements: readonly Requirement[] = [
  ...provedBy("wire/src/validation/toolset-rule.test.ts", [
    [
      "toolsets:entry",
      "surface B",
      "A toolset's entry that says what it may not is the platform's 400.",
      "no member left, a choice by its name, and the older streaming beta",
    ],
  ]),
  ...provedBy("server/src/prompt/client-tools.test.ts", [
    [
      "computer:dates",
      "surface B",
      "The computer tool has the actions of its date and tells the size of the screen.",
      "%s %j tells the size of the screen and the actions that its date has",
    ],
    [
      "toolsets:members",
      "surface B",
      "A toolset is a tool for each member that is switched on.",
      "a toolset is a tool for each of its members, without those that are switched off",
    ],
    [
      "browser:state",
      "surface B",
      "What a browser reports of its tabs is told in the platform's words, once.",
      "what a browser reports of its tabs and downloads is told in the platform's words, and once",
    ],
  ]),
  ...provedBy("server/src/tools/toolsets.test.ts", [
    [
      "browser:sdk",
      "1",
      "The SDK's browser toolset is driven by its tool runner.",
      "the SDK's browser toolset is driven by its tool runner, and the model reads what it reports",
    ],
    [
      "computer:sdk",
      "1",
      "The SDK's computer toolset gets several calls of one reply.",
      "the SDK's computer toolset gets several calls of one reply, each by its member's name",
    ],
    [
      "toolsets:stream",
      "1",
      "Streams name a member's call as whole replies do.",
      "a stream names a member's call as the whole reply does",
    ],
  ]),
  ...provedBy("server/src/documents/screen-text.test.ts", [
    [
      "screens:places",
      "surface B",
      "A model that sees nothing reads each text of a screen with the point to click for it.",
      "a screen is read with a place for each text, in the pixels that the calls name: %s",
    ],
  ]),
  ...provedBy("server/test/examples/typescript-examples.test.ts", [
    [
      "examples:bash",
      "surface B",
      "The documentation's shell runs nothing that its user does not allow.",
      "bash.ts keeps one shell, and runs nothing that its user does not allow",
    ],
    [
      "examples:computer",
      "surface B",
      "The documentation's desktop is driven by screenshots and coordinates.",
      "computer-use.ts takes screenshots and acts by xdotool; the model reads where each text stands",
    ],
  ]),
  ...provedBy("server/test/examples/server-tool-examples.test.ts", [
    [
      "examples:web-search",
      "surface B",
      "The documentation's search prints its links.",
      "web-search.ts prints what was searched and found",
    ],
    ["examples:web-fetch", "surface B", "The documentation's page is read.", "web-fetch.ts prints which page was read"],
    [
      "examples:tool-search",
      "surface B",
      "The documentation's deferred tool is found.",
      "tool-search.ts prints the tool that was found, and its call",
    ],
    ["examples:mcp", "surface B", "The documentation's MCP server is called.", "mcp.ts prints what the server of tools returned"],
  ]),
  ...provedBy("server/test/browser/examples.browser.test.ts", [
    [
      "examples:browser",
      "surface B",
      "The documentation's browser fills a form in, and stays on its host.",
      "browser-use.ts reads a page, fills its form in and clicks, and opens no page of another host",
    ],
  ]),
  ...provedBy("server/src/tools/mcp/mcp.test.ts", [
    [
      "mcp:listing",
      "surface B",
      "A reply that holds what its MCP servers listed is sent back in place of asking them.",
      "under the newest beta a reply holds what its servers listed, and they are not asked again when it is sent back",
    ],
  ]),
  ...provedBy("server/src/compaction/compaction.test.ts", [
    [
      "compaction:on-demand",
      "surface B",
      "A summary on demand is the whole reply, and the conversation goes on from it.",
      "is the whole reply, within its max_tokens; the conversation goes on from the block, in whichever message it is first",
    ],
  ]),
];
