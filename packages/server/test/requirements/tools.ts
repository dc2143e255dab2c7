import { provedBy, type Requirement } from "./requirement.ts";

/** Server tools, and how the server fetches what others point it to. */
export const toolsRequirements: readonly Requirement[] = [
  ...provedBy("server/src/egress/egress.test.ts", [
    [
      "egress:may-follow",
      "11",
      "Whoever fetches says where redirects may lead, before anything there is asked for.",
      "asks before each redirect whether it may go there",
    ],
    [
      "egress:spellings",
      "11",
      "An address that leads into this machine or its network is not reached, however it is spelled.",
      "is never reached, however it is spelled",
    ],
    ["egress:redirects", "11", "Each redirect is checked like the first address.", "is not reached by a redirect, at any hop"],
    [
      "egress:rebinding",
      "11",
      "The connection goes to the address that was checked, whatever the name says a moment later.",
      "a name that is rebound after the check leads to the address that was checked, and is asked for once",
    ],
    [
      "egress:allow",
      "11",
      "What is not public is reached where the operator lists it, and nowhere else.",
      "is reached only where the operator lists it: by name and port, by address, by network",
    ],
    ["egress:size", "11", "A reply is cut at its limit, after decompression.", "is cut at its limit after decompression: %s"],
    [
      "egress:secrets",
      "11",
      "Redirects are limited in number and take no secrets to another origin.",
      "follows redirects up to the limit, and takes no secrets to another origin",
    ],
  ]),
  ...provedBy("server/test/attack/fetching-routes.test.ts", [
    [
      "attack:routes",
      "11",
      "Nothing inside is reached by any field of a request, redirect, tool or server that has something fetched.",
      "nothing of this machine or its network is reached by %s",
    ],
  ]),
  ...provedBy("server/test/attack/hostile-pages.test.ts", [
    [
      "attack:pages",
      "11",
      "A hostile page is bounded and told, gives no rights, and the next page is read.",
      "%s is bounded and told, and the next page is read",
    ],
  ]),
  ...provedBy("server/src/documents/read-media.test.ts", [
    [
      "documents:pdf-text",
      "surface B",
      "A PDF is read page by page, wherever it comes from.",
      "are their text, page by page, from the body, an address and inside a tool's result",
    ],
    [
      "documents:pdf-errors",
      "surface D",
      "A PDF that cannot be read gets the platform's own 400.",
      "that are %s get the platform's 400",
    ],
    [
      "documents:pdf-bomb",
      "11",
      "A PDF that inflates without end ends its own process, and the next one is read.",
      "that inflate without end are refused, and the next one is read",
    ],
    ["documents:ocr", "surface B", "Text in pictures is read without a network.", "as %s are read by OCR without a network"],
    [
      "documents:isolation",
      "10",
      "What was read for one workspace is not kept for another, nor under zero retention at all.",
      "that come again are read once, but never for another workspace, and never under zero retention",
    ],
  ]),
  ...provedBy("server/src/endpoints/messages-create/documents.test.ts", [
    [
      "documents:pings",
      "7",
      "A stream is opened and pinged while documents are read.",
      "opens a stream and pings it meanwhile: a document that %s",
    ],
    [
      "documents:limits-first",
      "8",
      "Documents are read only for requests that the limits let through and nothing else refuses.",
      "does not begin for a request that is refused anyway, nor for one beyond its limits",
    ],
    [
      "documents:pages",
      "surface B",
      "The model is given a PDF's pages with its title and context.",
      "from the body and from an address is given to the model as its pages, with title and context",
    ],
    [
      "documents:reserved",
      "8",
      "What is reserved for a turn with a PDF is what its text comes to.",
      "reserves what its text comes to, and not its base64",
    ],
    [
      "documents:url",
      "11",
      "An address that holds no document and one that may not be reached look alike to the client.",
      "at an address that holds none, or that may not be reached, gets one and the same 400",
    ],
    [
      "images:refused",
      "2",
      "A model that sees nothing refuses pictures by name unless the operator turned OCR on, and says so.",
      "is refused by name where the operator does not, and the model says which it is",
    ],
  ]),
  ...provedBy("server/src/engines/turn-engine/citations/citations.test.ts", [
    [
      "citations:in-source",
      "surface B",
      "What is cited stands in the document, whatever the document and the reply.",
      "whatever the documents and the reply, what is cited stands in the source, and no text is lost",
    ],
    [
      "citations:chosen",
      "surface B",
      "Between several passages the model chooses, and can write nothing but one of them.",
      "asks the model where several passages say it, within a grammar of just these, and takes the question back",
    ],
    [
      "citations:none",
      "surface B",
      "A sentence that no document says gets no citation.",
      "says nothing of what stands in no document, of another number, or of one common word",
    ],
  ]),
  ...provedBy("server/test/e2e/pictures.e2e.test.ts", [
    [
      "images:counts",
      "4",
      "What a model that sees is shown of a picture is counted beforehand as it is used.",
      "pictures are counted as they are used, more for a larger one, in a message and in a tool's result",
    ],
    ["images:cached", "5", "A cached prefix holds pictures.", "a breakpoint behind a picture keeps what was computed of it"],
    [
      "images:not-shown",
      "2",
      "A picture that cannot be shown is a 400 that says why.",
      "what cannot be shown is a 400 that says so, and the next request is answered",
    ],
  ]),
  ...provedBy("server/src/engines/turn-engine/render/pictures.model.test.ts", [
    [
      "images:tokens",
      "4",
      "The tokens of a prompt with pictures are those that the engine computes.",
      "the tokens of %s are those that the engine computes",
    ],
    [
      "images:restored",
      "5",
      "A stored prefix with a picture outlives the engine, and no other picture is taken for the one in it.",
      "a prefix with a picture is computed once and restored in a new engine, and another picture in its place is not taken for it",
    ],
    [
      "images:seen",
      "surface B",
      "A picture reaches the model as a picture: another one gives another reply's probabilities.",
      "what the model says next follows from the picture: the same from the same, other from another",
    ],
  ]),
  ...provedBy("server/test/e2e/documents.e2e.test.ts", [
    [
      "citations:page",
      "surface B",
      "A small model's answer over a PDF names the right page.",
      "a question over a PDF is answered with the page that says it, by the example of the documentation",
    ],
    [
      "documents:counts",
      "4",
      "Counts are exact for PDFs with citations.",
      "a streamed reply is the same as the whole one, each citation stands on its page, and counts are exact",
    ],
    [
      "documents:cached",
      "5",
      "A PDF behind a breakpoint is computed once.",
      "a PDF behind a breakpoint is computed once, and a cited reply that comes back is read on",
    ],
  ]),
  ...provedBy("server/test/e2e/replies.e2e.test.ts", [
    [
      "count:edits",
      "4",
      "count_tokens tells original and edited counts where context edits apply.",
      "a count tells the tokens before and after context edits, and the reply's usage and applied edits say the same",
    ],
  ]),
  ...provedBy("server/src/tools/tool-loop.test.ts", [
    [
      "server-tools:order",
      "surface C",
      "A server tool's call and result stand between what the model wrote before and after, whole and streamed alike.",
      "a search stands between what the model wrote before and after it, whole and as a stream alike",
    ],
    [
      "server-tools:events",
      "1",
      "The events of a stream with server tools come in the platform's order.",
      "the events of a stream come in the platform's order",
    ],
    [
      "server-tools:mixed",
      "surface C",
      "Calls made together run together; a client's call among them ends the reply after their results.",
      "calls made together run together; a client's call among them ends the reply, after their results",
    ],
    [
      "server-tools:replay",
      "5",
      "A reply that is sent back renders as what the model saw in the loop.",
      "what a client sends back renders as what the model saw in the loop",
    ],
    [
      "server-tools:pause",
      "surface C",
      "After ten steps a reply pauses, and goes on when it is sent again.",
      "after ten steps the reply pauses, and goes on where it stood when it is sent again",
    ],
    [
      "server-tools:max-uses",
      "surface B",
      "max_uses is enforced as a result.",
      "max_uses is a result that says so, and nothing is searched or billed",
    ],
    [
      "server-tools:errors",
      "surface B",
      "A call that fails is a block of a reply of status 200.",
      "a call that fails is a block of a 200: %s",
    ],
    [
      "server-tools:cancel",
      "7",
      "A client that leaves stops the tools that run for it.",
      "a client that leaves while a tool runs stops the tool, and the turn is recorded",
    ],
    [
      "server-tools:sealed",
      "10",
      "What a search result carries sealed is opened for its own workspace only.",
      "what a result carries sealed is this workspace's own, and nothing else is taken for it",
    ],
    [
      "server-tools:join",
      "7",
      "A retried request joins the loop under way.",
      "a retried request joins the loop under way, and its tools run once",
    ],
    [
      "tool-search",
      "surface B",
      "A tool search loads what it finds, now and for replies that are sent back.",
      "a tool search loads what it finds, for this reply and for those that send it back",
    ],
  ]),
  ...provedBy("server/src/tools/web-search/providers.test.ts", [
    [
      "web-search:providers",
      "surface B",
      "SearXNG, Brave and Tavily are asked in their own words.",
      "%s is asked in its own words, and its pages are read",
    ],
  ]),
  ...provedBy("server/src/search-index/search-index.db.test.ts", [
    [
      "search-index",
      "surface B",
      "An operator's own documents are indexed, found by their words, brought up to date and removed.",
      "an operator's folder is indexed, found by its words, brought up to date and removed",
    ],
    [
      "web-search:local",
      "surface B",
      "A search finds the operator's own documents, within the domains that the request allows.",
      "a reply's search finds the operator's documents, within the domains that it may",
    ],
  ]),
  ...provedBy("server/src/tools/web-fetch/web-fetch.test.ts", [
    [
      "web-fetch:text",
      "surface B",
      "A page is read as text, without what is not of the page.",
      "a page is read as text, without what is not of the page, and the model reads the same",
    ],
    [
      "web-fetch:citations",
      "surface B",
      "A fetched page is cited where the tool asks for it, at its place among the documents.",
      "a page that is to be cited is given to be cited, in its place among the documents, and so when it is sent back",
    ],
    [
      "web-fetch:codes",
      "surface B",
      "What is not fetched has the platform's code.",
      "what is not fetched is a result with the platform's code",
    ],
    [
      "web-fetch:context",
      "11",
      "An address that nobody but the model has named is not fetched.",
      "an address that nobody but the model has named is not fetched",
    ],
    [
      "web-fetch:redirects",
      "surface B",
      "A redirect beyond the tool's domains is not followed: nothing there is asked for.",
      "a redirect is not followed to a domain that the tool does not allow: nothing there is asked for",
    ],
    [
      "web-fetch:ssrf",
      "11",
      "web_fetch reaches nothing of this machine or its network.",
      "nothing of this machine or its network is fetched, however the conversation spells it",
    ],
  ]),
  ...provedBy("server/src/tools/mcp/mcp.test.ts", [
    [
      "mcp:blocks",
      "surface B",
      "An MCP server's tool is called within the reply, whole and streamed; sent back, the model reads the same.",
      "has the call and the result in order, whole and streamed, and goes on when it is sent back",
    ],
    [
      "mcp:names",
      "surface B",
      "Two MCP servers' tools never meet under one name.",
      "keeps the tools of two servers apart, even where their names would meet",
    ],
    ["mcp:older-beta", "surface B", "The older beta's form works, too.", "in the older beta's form as in the newer one"],
    [
      "mcp:counts",
      "4",
      "An MCP server's tools are counted as they are sent.",
      "are counted as they are sent, and the last of a set carries its cache mark",
    ],
    [
      "mcp:deferred",
      "surface B",
      "A tool search finds an MCP server's deferred tools.",
      "later, when a search has found them, if they are deferred",
    ],
    [
      "mcp:unreachable",
      "11",
      "An MCP server that may not be reached is a 400 with its name.",
      "a server that nothing answers for, that may not be reached, or that is none",
    ],
    [
      "mcp:token",
      "11",
      "An MCP server's token goes to it alone, and is neither logged nor stored.",
      "a token that its server does not accept, and the token is seen by that server alone",
    ],
  ]),
  ...provedBy("server/src/tools/mcp/hostile-servers.test.ts", [
    [
      "mcp:hostile-list",
      "11",
      "A hostile MCP server's list is bounded and reported, and the next request is served.",
      "that %s is a 400, and the next request is served",
    ],
    [
      "mcp:hostile-call",
      "11",
      "A hostile MCP server's result is bounded and fails its call alone.",
      "that %s fails its call alone, and the next call is answered",
    ],
    ["mcp:asks", "11", "An MCP server gets nothing that it asks for.", "gets nothing that it asks its client for"],
    [
      "mcp:injection",
      "11",
      "What an MCP server says is a tool's result, and gives no rights.",
      "that injects instructions gets them read as a tool's result, and no other right",
    ],
  ]),
  ...provedBy("server/src/tools/mcp/reference-server.test.ts", [
    [
      "mcp:reference-server",
      "surface B",
      "The protocol's own reference server is used over streamable HTTP and SSE.",
      "is listed and called over %s",
    ],
  ]),
  ...provedBy("server/test/e2e/server-tools.e2e.test.ts", [
    [
      "server-tools:weights",
      "surface B",
      "A 0.5B model calls the server's tools.",
      "real weights search, and write on after the result",
    ],
    [
      "server-tools:weights-fetch",
      "surface B",
      "A 0.5B model has the server fetch the page that the user names.",
      "real weights fetch the page that the user names, and nothing else",
    ],
    [
      "server-tools:weights-mcp",
      "surface B",
      "A 0.5B model calls an MCP server's tool.",
      "real weights call an MCP server's tool",
    ],
    ["server-tools:weights-find", "surface B", "A 0.5B model finds a deferred tool.", "real weights find a deferred tool"],
  ]),
  ...provedBy("server/src/sandbox/sandbox.test.ts", [
    [
      "sandbox:attacks",
      "11",
      "A program reaches nothing of the machine, and bombs of every kind end with their sandbox.",
      "%s, and the next program runs",
    ],
    [
      "sandbox:absent",
      "12",
      "Where there is no sandbox the reason and the remedy are told.",
      "where bubblewrap is not allowed to make namespaces, what it says is the reason",
    ],
  ]),
  ...provedBy("server/src/tools/code-execution/tool-programs.db.test.ts", [
    [
      "programs:call",
      "surface B",
      "A program calls tools of the client; the same process goes on with the results, and the model sees its output alone.",
      "calls tools of the client, is the same one when it is answered, and tells the model its output alone",
    ],
    [
      "programs:stream",
      "surface D",
      "A call that a program makes has its whole input in its start.",
      "streams its calls whole, and its container at the end",
    ],
    [
      "programs:runner",
      "1",
      "The SDK's tool runner drives programs unmodified.",
      "works with the SDK's own runner, which names no container",
    ],
    [
      "programs:input",
      "3",
      "What a program gives a tool is valid by its schema before the client sees it.",
      "is told of a tool's error and of its own bad input, which the client never sees, and may go on",
    ],
    [
      "programs:unanswered",
      "12",
      "A program that nobody answers is told so, and what it comes to waits for a client that is late.",
      "that nobody answers is told so in time, and who comes late gets what it came to",
    ],
    [
      "programs:alone",
      "10",
      "A program is its workspace's alone and ends with its server; the model is told.",
      "does not outlive its server, and is nobody else's: the model is told that it took too long",
    ],
    [
      "programs:web",
      "surface B",
      "A program searches and fetches by the server's own tools, as often as a reply may, and what it printed is sealed.",
      "searches and fetches by the server's own tools, in one reply, and what it printed is sealed",
    ],
    [
      "programs:clouds",
      "surface B",
      "Programs call the client's tools through the doors of clouds, too.",
      "calls and is answered through the doors of clouds, by their own clients",
    ],
    [
      "programs:refused",
      "2",
      "What cannot be called from code, or answered, is refused with its path.",
      "what cannot be called from code, or answered, is refused: %j",
    ],
  ]),
  ...provedBy("server/src/endpoints/shared/create-batch-item-runner.test.ts", [
    [
      "programs:batches",
      "2",
      "A batch's request whose program would wait for the client is refused with its path.",
      "a program that would wait for the client's tools is an error of its request; one that calls the server's own is none",
    ],
  ]),
  ...provedBy("server/src/tools/code-execution/create-tool-programs.test.ts", [
    [
      "programs:places",
      "10",
      "Programs that wait are counted for a workspace, an organization and in all.",
      "one organization, in however many workspaces, leaves room for programs of others that wait",
    ],
  ]),
  ...provedBy("server/test/e2e/story.e2e.test.ts", [
    [
      "story:chart",
      "surface B",
      "The real model reads an uploaded table with Python in the sandbox and draws a picture that downloads and opens.",
      "is uploaded, read by Python that the model writes, and drawn as a picture that downloads and opens",
    ],
    [
      "story:page",
      "surface B",
      "The real model answers a question over a PDF, with the right page.",
      "a question over a PDF is answered with the page that says it",
    ],
    ["story:link", "surface B", "The real model answers a search with its link.", "a search is answered with its link"],
  ]),
  ...provedBy("server/src/tools/code-execution/code-execution.db.test.ts", [
    [
      "code:story",
      "surface B",
      "A table is uploaded, Python runs on it, and the picture that it draws is downloaded.",
      "reads an uploaded table and leaves a picture that downloads, in a container that is there again",
    ],
    [
      "code:unavailable",
      "2",
      "Without a sandbox a call gets the unavailable error.",
      "without a sandbox the result is the unavailable error, and the reply goes on",
    ],
    [
      "code:parts",
      "surface B",
      "Later dates have a shell and an editor.",
      "runs by the shell and is written by the editor, as the later dates have it",
    ],
    [
      "code:containers",
      "10",
      "A container is its workspace's alone, and ends.",
      "a container of another workspace, one that never was and one that has expired are told apart by nobody",
    ],
    [
      "code:links",
      "11",
      "No link leads a file of the machine in or out.",
      "gets no file of the host by a link, neither in nor out",
    ],
    [
      "code:retention",
      "11",
      "A workspace that keeps nothing has no containers.",
      "a workspace that keeps nothing has no containers",
    ],
  ]),
  ...provedBy("server/src/egress/resolve-in-turn.test.ts", [
    [
      "egress:slow-names",
      "11",
      "Names whose servers are slow hold few threads, and keep few others waiting.",
      "slow names hold two threads, and the next one is of another domain",
    ],
  ]),
  ...provedBy("server/src/platform/take-turns.test.ts", [
    [
      "documents:fair",
      "10",
      "One workspace that has much read does not keep the others waiting.",
      "one that asks for much does not keep the others waiting: lines take turns",
    ],
  ]),
  ...provedBy("server/src/tools/failed-turns.test.ts", [
    [
      "server-tools:billed-on-abort",
      "9",
      "Searches that were made before the client left are billed.",
      "what was searched before the client left is billed",
    ],
  ]),
];
