import { provedBy, type Requirement } from "./requirement.ts";

/** The Console: its pages in a real browser, and how they are served. */
export const consoleRequirements: readonly Requirement[] = [
  ...provedBy("server/src/doors/console/serve-console.test.ts", [
    [
      "console:policy",
      "11",
      "Every reply of the Console carries a policy that lets nothing but its own files run, load or frame it.",
      "no reply of the Console lets anything run, load or frame it but its own files",
    ],
    [
      "console:paths",
      "11",
      "No path leads out of the build.",
      "no path leads out of the build, and what is not a file of the web is not served",
    ],
  ]),
  ...provedBy("server/test/console/api-keys.db.test.ts", [
    [
      "console:keys:recent",
      "11",
      "Making a key asks for the password again when it was given a while ago.",
      "a forgotten open tab makes no key, and changes no limit",
    ],
    [
      "console:keys:own",
      "10",
      "A key is made only by an administrator, only in a workspace of their own organization.",
      "only an administrator makes keys, and only in a workspace that is there",
    ],
  ]),
  ...provedBy("server/test/browser/newcomer.browser.test.ts", [
    [
      "console:newcomer",
      "12",
      "A newcomer goes from the owner's link to a first reply and a key with which Claude Code works.",
      "a newcomer comes from the owner's link to replies and a key that works in Claude Code with the mouse",
    ],
    [
      "console:secrets",
      "11",
      "No secret stays in the browser's storage, and scripts cannot read the session's cookie.",
      "nothing that is secret stays in the browser's storage, and the session's cookie is out of scripts' reach",
    ],
  ]),
  ...provedBy("server/test/browser/workbench.browser.test.ts", [
    [
      "console:stream",
      "1",
      "The Workbench shows thinking, text and tokens as they come.",
      "a reply is seen while it comes: thinking, text, figures",
    ],
    [
      "console:stop",
      "7",
      "Stop in the Workbench stops the engine.",
      "Stop stops the engine, keeps what came, and the conversation goes on",
    ],
    [
      "console:hostile",
      "11",
      "What a model writes runs nothing and loads nothing in the Console.",
      "what a model writes runs nothing, loads nothing and breaks no page",
    ],
  ]),
  ...provedBy("server/test/console/prompts.db.test.ts", [
    [
      "console:prompts:versions",
      "12",
      "A saved prompt keeps every version of it.",
      "a prompt keeps every version, and saves at once make one each",
    ],
    [
      "console:prompts:isolation",
      "10",
      "Saved prompts are of one workspace.",
      "another workspace sees, changes and deletes none of them",
    ],
    [
      "console:prompts:retention",
      "11",
      "A workspace with zero data retention keeps no prompts.",
      "a workspace that keeps nothing keeps no prompts, those of before neither",
    ],
  ]),
  ...provedBy("server/src/weights/create-pulls.test.ts", [
    [
      "console:models:pull",
      "12",
      "A fetch of weights that the Console began goes on by itself, and one that broke off goes on where it ended.",
      "a stopped pull keeps what came, and the next one goes on from there",
    ],
  ]),
  ...provedBy("server/test/browser/workbench-tools.browser.test.ts", [
    [
      "console:workbench:compare",
      "12",
      "The Workbench asks two models or settings at once and shows both replies.",
      "two models are asked at once, each with its own settings, and compared side by side",
    ],
    [
      "console:workbench:attachments",
      "2",
      "Files of a message reach the model, or are refused in the API's words.",
      "files go with a message: a text reaches the model, a picture that it cannot see is refused in the API's words",
    ],
    [
      "console:workbench:citations",
      "1",
      "The Workbench asks for citations, and shows what is cited and where it is from.",
      "a reply shows the words of a document that it cites, and where they are from",
    ],
    [
      "console:workbench:schema",
      "1",
      "The Workbench checks tools and schemas while they are written, and sends the schema and the caching marks.",
      "tools and schemas are checked while they are written, and what is sent has the schema and the caching marks",
    ],
    [
      "console:workbench:prompts",
      "12",
      "A saved prompt comes back with its variables and all its versions.",
      "a prompt with variables is saved, changed and saved again, and every version is there after a reload",
    ],
    [
      "console:workbench:evaluate",
      "12",
      "A prompt runs over a table of cases, whose ratings are kept.",
      "a prompt is run over a table of cases, the replies are rated, and both are kept with the prompt",
    ],
    [
      "console:workbench:reload",
      "7",
      "A page that goes away in the middle of a reply stops the engine, and has the conversation when it comes again.",
      "a page that is loaded again during a reply stops the engine, has what came, and goes on; signing out ends it",
    ],
  ]),
  ...provedBy("server/test/browser/sign-in.browser.test.ts", [
    [
      "console:sign-in:second-factor",
      "11",
      "A second factor is turned on, asked for, and its recovery codes work once.",
      "a second factor is turned on, asked for at sign-in, and a recovery code stands in for it once",
    ],
    [
      "console:sign-in:again",
      "11",
      "What is sensitive asks for the password again, and then goes on.",
      "a page left open asks for the password again before it makes a key, and a wrong one makes none",
    ],
    [
      "console:sign-in:openid",
      "11",
      "A browser comes in through an OpenID provider.",
      "somebody comes in through the organization's provider",
    ],
    [
      "console:sign-in:password",
      "11",
      "A password link sets a new password once.",
      "who lost the password sets a new one with the link, which works once",
    ],
    [
      "console:sessions",
      "11",
      "People see where they are signed in and end it; administrators sign members out.",
      "somebody sees where they are signed in and ends it there, and an administrator signs a member out",
    ],
    [
      "console:billing-role",
      "10",
      "Who has the role billing sees usage, costs and billing, and the Console offers nothing else.",
      "who looks after the money sees usage, costs and billing, and nothing that is others'",
    ],
  ]),
  ...provedBy("server/test/e2e/package.e2e.test.ts", [
    [
      "console:packed",
      "12",
      "The published package runs from an empty folder, and brings the built Console.",
      "the packed package runs from an empty folder: engine, database, Console, skills, and PDF in a process of its own",
    ],
  ]),
  ...provedBy("server/test/e2e/console.e2e.test.ts", [
    [
      "console:newcomer:engine",
      "12",
      "A newcomer comes from the printed link to replies of the embedded engine and a key that works.",
      "a newcomer goes from the printed link to replies of the embedded engine and a working key with the mouse",
    ],
  ]),
  ...provedBy("server/test/browser/models.browser.test.ts", [
    [
      "console:models:reload",
      "12",
      "A page that is loaded again shows the fetch that is under way.",
      "a pull goes on through a reload, shows how far it is, and ends as weights that can be loaded",
    ],
    [
      "console:models:live",
      "12",
      "The Console shows slots, queue and speed as they are, and unloads no model that is at work.",
      "slots, queue and speed are live, and a model at work is not unloaded",
    ],
    [
      "console:models:upstreams",
      "12",
      "The Console shows whether upstream engines are well, and why one is paused.",
      "upstream engines show how they are, and why one is paused",
    ],
    [
      "console:live",
      "12",
      "Open pages hear of what their organization's other pages and clients change.",
      "what one page changes another shows without being asked",
    ],
  ]),
  ...provedBy("server/test/browser/requests.browser.test.ts", [
    [
      "console:requests",
      "12",
      "The log of requests leads to one request, its phases, its error and what its cache missed.",
      "the log of requests leads to one request and where its time went (${look})",
    ],
    [
      "console:requests:many",
      "12",
      "A hundred thousand requests scroll with a screenful of rows in the page.",
      "a hundred thousand requests scroll with a screenful of rows in the page, in the server's order",
    ],
    [
      "console:usage:zoom",
      "12",
      "Usage is looked at closer, by the hour, and tells the share of batches.",
      "usage tells the share of batches, comes as CSV, and a day is looked at by the hour and left again",
    ],
    [
      "console:cost:groups",
      "12",
      "Costs are shown by kind of token, model, workspace and key, by the day and by the hour.",
      "costs are told by kind of token, model, workspace and key, by the day and by the hour",
    ],
  ]),
  ...provedBy("server/test/admin/requests.db.test.ts", [
    [
      "requests:bounded-filter",
      "9",
      "A filter of the request log looks at a bounded number of requests a page, and says how far it came.",
      "a filter looks at so many requests a page, and says how far it came",
    ],
    [
      "requests:bounded-failures",
      "11",
      "Failed requests of a workspace are kept for its days, and the newest only.",
      "failed requests of a workspace go in slices when their days are over, and all but the newest of very many",
    ],
    [
      "requests:turn",
      "12",
      "A turn is logged with its phases, its tokens and what its cache missed.",
      "a turn is logged with its phases, its tokens and what its cache missed",
    ],
    [
      "requests:refused",
      "12",
      "A request that was refused before its turn is logged with what the client was told.",
      "what was refused before its turn is logged with what the client was told",
    ],
    [
      "requests:zero-retention",
      "11",
      "Under zero data retention the log keeps no message.",
      "under zero data retention what clients were told is not kept, and what was kept goes",
    ],
    [
      "requests:pages",
      "12",
      "Pages of the log follow one another without a gap or a repetition.",
      "pages follow one another without a gap or a repetition, over months and equal times, and filters hold",
    ],
  ]),
  ...provedBy("server/test/browser/batches-files.browser.test.ts", [
    [
      "console:batches",
      "12",
      "Batches show how far they are, are canceled and deleted, and their results come down.",
      "batches show how far they are, are canceled, and their results come down (%s)",
    ],
    [
      "console:files",
      "12",
      "A file is uploaded in the Console, says how a request names it, and is deleted.",
      "a file is uploaded, says how a request names it, and is deleted (%s)",
    ],
    [
      "console:skills",
      "12",
      "A skill is uploaded as a folder, gets versions, comes down and is deleted in the Console.",
      "a skill is uploaded, gets another version, comes down, and is deleted (%s)",
    ],
  ]),
  ...provedBy("server/test/browser/settings.browser.test.ts", [
    [
      "console:settings",
      "11",
      "How long a workspace's data is kept, and where it is computed, are set in the Console.",
      "how long data is kept and where it is computed are set for a workspace (%s)",
    ],
    [
      "console:alerts",
      "12",
      "Settings shows how spend alerts are sent, and how each was.",
      "Settings says who is told of spending, and what was told and what could not be",
    ],
  ]),
  ...provedBy("server/test/browser/limits-billing.browser.test.ts", [
    [
      "console:increase",
      "12",
      "A member asks for a higher spend limit, an administrator approves it.",
      "a member asks for a higher limit, the owner approves it, and the member has it",
    ],
    [
      "console:limits",
      "12",
      "Limits are set and watched live in the Console.",
      "limits are set, watched, changed and removed (%s)",
    ],
    [
      "console:billing",
      "12",
      "Credits are shown, and a month's statement comes down as CSV and PDF.",
      "credits are shown, and a month's statement comes down as CSV and PDF (%s)",
    ],
  ]),
  ...provedBy("server/test/browser/pages.browser.test.ts", [
    [
      "console:first-page",
      "12",
      "The Console's first page comes with less than 200 kB, gzipped.",
      "the first page comes with less than 200 kB, gzipped",
    ],
    [
      "console:pages",
      "12",
      "Every page shows itself, light and dark, on a desk and on a phone, keeps nobody out, and asks no other host.",
      "the page ${name} (${look}) shows itself, light and dark, keeps nobody out, and asks no other host",
    ],
    [
      "console:navigation",
      "12",
      "Every page is reached from the navigation on a phone.",
      "on a phone the menu leads to every page, and closes behind one",
    ],
    [
      "console:ahead",
      "12",
      "A change is shown before the server has answered; refused, it is taken back, with the reason and the request's id.",
      "a change is seen before the server has answered, and taken back with its reason when it refuses",
    ],
    [
      "console:keyboard",
      "12",
      "Every page is reached with the keyboard alone.",
      "everything is reached with the keyboard alone, through the command menu",
    ],
    [
      "console:keys:rotate",
      "11",
      "A key is rotated in the Console without a gap; its last use and its spend limit stand beside it.",
      "a key says when it was used, gets a spend limit, and is rotated without a gap",
    ],
  ]),
  ...provedBy("server/test/browser/organization.browser.test.ts", [
    [
      "console:workspaces",
      "12",
      "A workspace is made, renamed and archived in the Console, and the audit log shows what was before and after.",
      "a workspace is made, renamed and archived, keys are filtered by it, and the audit log tells all of it",
    ],
    [
      "console:members",
      "12",
      "Roles are changed, members removed and invites withdrawn in the Console.",
      "a member gets another role and is removed, and an invite is withdrawn",
    ],
    [
      "console:account:password",
      "11",
      "People change their password in the Console.",
      "somebody changes their password, and signs in with it",
    ],
  ]),
  ...provedBy("console/test/words.test.ts", [
    [
      "console:words",
      "12",
      "The words of the Console stand apart from its pages, ready to be translated.",
      "every word that people read stands in a text.ts, where it can be translated",
    ],
  ]),
  ...provedBy("server/test/console/models.db.test.ts", [
    [
      "console:models-owner",
      "10",
      "Only administrators of the organization that owns the server steer its models.",
      "administrators of another organization do not steer the models of a server that they do not own",
    ],
    [
      "console:models-audit",
      "11",
      "Who steers the server's models is on the audit log.",
      "who loads and unloads models, or changes who answers for them, is on the audit log; what was refused is not",
    ],
    [
      "top:terminal",
      "12",
      "`parley top` fits the terminal at any size and gives it back as it was.",
      "parley top fills a terminal, follows its size, and leaves it as it was at Ctrl-C",
    ],
  ]),
];
