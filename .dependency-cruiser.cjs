/** The import rule of docs/architecture.md. `npm test` also checks that it sees modules and catches a planted violation. */
const server = "^packages/server/src";

const never = (name, from, to, comment) => ({
  name,
  severity: "error",
  comment,
  from: { path: from, pathNot: "\\.test\\.ts$" },
  to: { path: to },
});

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } } },
    { name: "no-unresolved", severity: "error", from: { pathNot: "\\.test\\.ts$" }, to: { couldNotResolve: true } },
    never("wire-stands-alone", "^packages/wire/src", "^packages/(server|console)/", "wire also runs in a browser."),
    never("console-imports-wire-only", "^packages/console/src", "^packages/server/", "The Console runs in a browser."),
    never("nothing-imports-the-console", "^packages/(wire|server)/src", "^packages/console/", "The server serves it as files."),
    {
      name: "console-floor-knows-no-features",
      severity: "error",
      comment: "Features stand on api, ui and format.",
      from: { path: "^packages/console/src/(api|ui|format)/", pathNot: "\\.test\\.ts$" },
      to: { path: "^packages/console/src/features/" },
    },
    {
      name: "only-egress-fetches",
      severity: "error",
      comment:
        "Addresses that others give are fetched by one function. Doors listen; an engine's socket is a file; upstreams are the operator's.",
      from: {
        path: `${server}/`,
        pathNot: `\\.test\\.ts$|/testing/|/__fixtures__/|${server}/(egress|doors)/|${server}/engines/(llama-server/engine-socket|upstream/upstream-client)\\.ts$`,
      },
      to: { path: "^(node:)?(http|https|http2|tls|dns|dgram)(/|$)|node_modules/undici/", dependencyTypesNot: ["type-only"] },
    },
    never(
      "egress-stands-alone",
      `${server}/egress/`,
      `${server}/(?!egress/|platform/)`,
      "It fetches; what for is another's matter.",
    ),
    never("turn-is-pure", `${server}/turn/`, `${server}/(?!turn/|platform/)`, "The neutral model knows no side."),
    never(
      "platform-is-the-floor",
      `${server}/platform/`,
      `${server}/(?!platform/|turn/)`,
      "Everything may use platform; it uses nothing but the neutral types.",
    ),
    never(
      "engines-know-no-platform-half",
      `${server}/engines/`,
      `${server}/(doors|auth|tenancy|limits|ledger|storage|blobs|files|batches|endpoints|replies|jobs|cli|main)`,
      "Engines decode; they do not know who asks.",
    ),
    {
      name: "engines-are-strangers",
      severity: "error",
      comment: "A backend does not know its siblings; the pool (local) and the turn engine stand above them.",
      from: {
        path: `${server}/engines/(node-llama-cpp|llama-server|vllm|sglang|anthropic|chat-completions|token-upstream|engine-door)/`,
        pathNot: "\\.test\\.ts$",
      },
      to: {
        path: `${server}/engines/(node-llama-cpp|llama-server|vllm|sglang|anthropic|chat-completions|token-upstream|engine-door|turn-engine|local|router)/`,
        // What a schema accepts is the same everywhere.
        pathNot: `${server}/engines/($1|turn-engine/grammar)/`,
      },
    },
    never(
      "rooms-of-data-know-no-doors",
      `${server}/(auth|tenancy|limits|money|ledger|jobs|blobs|files|containers|skills|documents|batches|backup|retention)/`,
      `${server}/(doors|engines|endpoints|replies|cli)/`,
      "Auth, tenancy, limits, money and ledger serve every door alike.",
    ),
    never(
      "endpoints-get-engines-injected",
      `${server}/endpoints/`,
      `${server}/(engines|doors|cli)/`,
      "A handler sees interfaces; main makes what is behind them.",
    ),
    {
      name: "endpoints-are-strangers",
      severity: "error",
      from: { path: `${server}/endpoints/([^/]+)/`, pathNot: "\\.test\\.ts$" },
      to: { path: `${server}/endpoints/[^/]+/`, pathNot: `${server}/endpoints/($1|shared)/` },
    },
    never(
      "replies-translate-only",
      `${server}/replies/`,
      `${server}/(?!replies/|turn/|platform/)`,
      "TurnEvent to wire, nothing else.",
    ),
    never("doors-know-no-engines", `${server}/doors/`, `${server}/(engines|storage|cli)/`, "Doors listen and write."),
    never("storage-is-a-floor", `${server}/storage/`, `${server}/(?!storage/|platform/)`, "Storage stores as given."),
    never(
      "blobs-are-a-floor",
      `${server}/blobs/`,
      `${server}/(?!blobs/|platform/)`,
      "Bytes by key; who owns them is another's matter.",
    ),
    never(
      "the-sandbox-stands-alone",
      `${server}/sandbox/`,
      `${server}/(?!sandbox/|platform/)`,
      "It holds programs; whose, and what for, is another's matter.",
    ),
    never("main-is-the-root", `${server}/(?!cli/|main)`, `${server}/main`, "Only the CLI starts Parley."),
    never("only-doors-listen", `${server}/(?!doors/)`, "node_modules/(hono|@hono)/", "One place knows the HTTP framework."),
    never(
      "only-storage-speaks-sql",
      `${server}/(?!storage/)`,
      "node_modules/(pg|drizzle-orm)/",
      "One place knows the database client.",
    ),
    never(
      "only-the-child-loads-the-engine",
      `${server}/(?!engines/node-llama-cpp/child/)`,
      "node_modules/node-llama-cpp/",
      "A crash of the engine must stay in its own process.",
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    parser: "tsc",
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["source", "import", "node", "default"],
      extensions: [".ts", ".tsx", ".mjs", ".js", ".json"],
    },
  },
};
