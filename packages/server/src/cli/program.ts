import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import { type GlobalOptions, createCliContext } from "./cli-context.ts";
import { verifyAudit } from "./commands/audit.ts";
import { backup, type BackupOptions, restore } from "./commands/backup.ts";
import { checkConfig } from "./commands/config-check.ts";
import { type GrantOptions, grantCredits, showCredits } from "./commands/credits.ts";
import { changeDataRetention, type RetentionDays, type RetentionOptions, setZeroRetention } from "./commands/data-retention.ts";
import { doctor } from "./commands/doctor.ts";
import { installEngine, showEngine } from "./commands/engine.ts";
import { addDocuments, type IndexAddOptions, listDocuments, removeDocuments } from "./commands/index-documents.ts";
import { changeAwsKey, createApiKey, listApiKeys, revokeApiKey, rotateApiKey } from "./commands/keys.ts";
import { login, type LoginOptions, logout, printToken } from "./commands/login.ts";
import { listModels, removeModel } from "./commands/models.ts";
import { createNamedOrganization, showOrganizations } from "./commands/organizations.ts";
import { type PriorityOptions, setPriority } from "./commands/priority.ts";
import { pull } from "./commands/pull.ts";
import { type IncreaseOptions, requestSpendIncrease } from "./commands/spend.ts";
import { installSandbox, showSandbox } from "./commands/sandbox.ts";
import { type StatementOptions, writeStatement } from "./commands/statements.ts";
import { setTier, type TierOptions } from "./commands/tier.ts";
import { drainUpstream, reloadUpstreams } from "./commands/upstreams.ts";
import { top, type TopOptions } from "./commands/top.ts";
import { createUser, printLink } from "./commands/users.ts";
import { exportWorkspaceTo, removeWorkspace } from "./commands/workspaces.ts";
import { resolveWeightsName } from "./ensure-weights.ts";

const MANIFEST = new URL("../../package.json", import.meta.url);

/** The `parley` command. */
export function createProgram(signal: AbortSignal): Command {
  const program = new Command("parley")
    .description("The Anthropic API platform on models that you own.")
    .version(z.object({ version: z.string() }).parse(JSON.parse(readFileSync(MANIFEST, "utf8"))).version)
    .enablePositionalOptions(false)
    .showHelpAfterError()
    .showSuggestionAfterError();
  const command = (name: string, description: string, examples: readonly string[], parent: Command = program): Command =>
    parent
      .command(name)
      .description(description)
      .option("--data <folder>", "data folder (PARLEY_DATA; ~/.parley)")
      .option("--config <file>", "configuration file (PARLEY_CONFIG; parley.yaml in the data folder)")
      .option("--json", "machine-readable output on stdout")
      .addHelpText("after", `\nExamples:\n${examples.map((example) => `  $ parley ${example}`).join("\n")}`);

  command("up", "Start the server, its database and its models.", [
    "up",
    "up --port 9000 --model smollm2-135m",
    "up --json --port 0 --data /tmp/parley",
    "up --workers 4",
  ])
    .option("--host <address>", "address to listen on")
    .option("--port <number>", "port to listen on; 0 takes a free one")
    .option("--model <name>", "weights that answer for every Claude model")
    .option("--workers <number>", "processes that answer on the port, for the cores of this machine")
    .action(async (options: GlobalOptions & { host?: string; port?: string; model?: string; workers?: string }) => {
      const overrides = { host: options.host, port: options.port, workers: options.workers };
      const context = createCliContext(options, overrides);
      // The whole server: a second of loading that no other command needs.
      const { up } = await import("./commands/up.ts");
      if (options.model === undefined) return up(context, signal);
      const weights = await resolveWeightsName(options.model, context);
      const models = { "models.haiku": weights, "models.sonnet": weights, "models.opus": weights };
      return up(createCliContext(options, { ...overrides, ...models }), signal);
    });

  command("pull", "Fetch weights: those of the configuration, or the named ones.", ["pull", "pull smollm2-135m"])
    .argument("[names...]")
    .action((names: string[], options: GlobalOptions) => pull(names, createCliContext(options), signal));

  const models = program.command("models").description("Weights on disk and in the catalog.");
  command("list", "List weights.", ["models list", "models list --json"], models).action((options: GlobalOptions) =>
    listModels(createCliContext(options)),
  );
  command("rm", "Remove weights from disk.", ["models rm smollm2-135m-instruct-q4_1"], models)
    .argument("<name>")
    .option("--yes", "do not ask")
    .action((name: string, options: GlobalOptions & { yes?: boolean }) => removeModel(name, options, createCliContext(options)));

  command("chat", "Talk to a model in the terminal.", ["chat", 'chat "Why is the sky blue?"', "chat --model claude-haiku-4-5"])
    .argument("[question]", "ask once and end")
    .option("--model <id>", "model id", "claude-sonnet-5-5")
    .option("--system <text>", "system prompt")
    .option("--url <address>", "a Parley elsewhere")
    .option("--key <key>", "API key (PARLEY_API_KEY)")
    .option("--max-tokens <number>", "longest answer", wholeNumber, 1024)
    .action(
      async (
        question: string | undefined,
        options: GlobalOptions & { model: string; system?: string; url?: string; key?: string; maxTokens: number },
      ) => {
        // Only here: the client is as much code as half of the server.
        const { chat } = await import("./commands/chat.ts");
        await chat(question, options, createCliContext(options), signal);
      },
    );

  command("login", "Sign in at a Parley elsewhere, in the browser.", ["login --url https://parley.example.com"])
    .option("--url <address>", "the server (PARLEY_URL)")
    .action((options: GlobalOptions & LoginOptions) => login(options, createCliContext(options), signal));
  command("token", "Print a token of that sign-in, renewed where it must be: for Claude Code's apiKeyHelper.", [
    "token --url https://parley.example.com",
  ])
    .option("--url <address>", "the server (PARLEY_URL)")
    .action((options: GlobalOptions & LoginOptions) => printToken(options, createCliContext(options), signal));
  command("logout", "Forget the sign-in on this machine.", ["logout --url https://parley.example.com"])
    .option("--url <address>", "the server (PARLEY_URL)")
    .action((options: GlobalOptions & LoginOptions) => logout(options, createCliContext(options)));

  const keys = program.command("keys").description("API keys and admin keys.");
  command(
    "create",
    "Create a key; it is shown once.",
    ["keys create --name laptop", "keys create --name ci --expires-in-days 30 --json", "keys create --admin --name console"],
    keys,
  )
    .requiredOption("--name <name>", "what the key is for")
    .option("--workspace <id>", "workspace (the default one)")
    .option("--admin", "a key of the Admin API instead, for the whole organization")
    .option("--organization <id>", "organization of an admin key (the first one)")
    .option("--expires-in-days <number>", "lifetime", wholeNumber)
    .action(
      (
        options: GlobalOptions & {
          name: string;
          workspace?: string;
          admin?: boolean;
          organization?: string;
          expiresInDays?: number;
        },
      ) => createApiKey(options, createCliContext(options)),
    );
  command("list", "List API keys and admin keys.", ["keys list"], keys).action((options: GlobalOptions) =>
    listApiKeys(createCliContext(options)),
  );
  command("revoke", "Revoke a key for good.", ["keys revoke apikey_01…"], keys)
    .argument("<id>")
    .option("--yes", "do not ask")
    .action((id: string, options: GlobalOptions & { yes?: boolean }) => revokeApiKey(id, options, createCliContext(options)));

  command(
    "rotate",
    "Replace an API key by a new one; the old one works on for a while.",
    ["keys rotate apikey_01…", "keys rotate apikey_01… --overlap-hours 1 --yes"],
    keys,
  )
    .argument("<id>")
    .option("--overlap-hours <number>", "how long the old key goes on working", wholeNumber, 24)
    .option("--yes", "do not ask")
    .action((id: string, options: GlobalOptions & { overlapHours: number; yes?: boolean }) =>
      rotateApiKey(id, options, createCliContext(options)),
    );
  command(
    "aws",
    "Give an API key an AWS access key, for clients that sign their requests; it replaces the one that the key had.",
    ["keys aws apikey_01…", "keys aws apikey_01… --revoke"],
    keys,
  )
    .argument("<id>")
    .option("--revoke", "take the AWS access key away; the API key goes on")
    .action((id: string, options: GlobalOptions & { revoke?: boolean }) => changeAwsKey(id, options, createCliContext(options)));

  const organizations = program.command("organizations").description("Organizations; one is made at the first start.");
  command("create", "Create an organization.", ['organizations create --name "Second"'], organizations)
    .requiredOption("--name <name>", "its name")
    .action((options: GlobalOptions & { name: string }) => createNamedOrganization(options, createCliContext(options)));
  command("list", "List organizations.", ["organizations list"], organizations).action((options: GlobalOptions) =>
    showOrganizations(createCliContext(options)),
  );

  command(
    "tier",
    "Set an organization's rate limits: a tier of the table, or `custom` with limits of its own.",
    ["organizations tier 2", "organizations tier custom --requests 100 --input-tokens 500000 --output-tokens 50000"],
    organizations,
  )
    .argument("<tier>")
    .option("--organization <id>", "organization (the first one)")
    .option("--requests <number>", "of `custom`: requests a minute", wholeNumber)
    .option("--input-tokens <number>", "of `custom`: input tokens a minute", wholeNumber)
    .option("--output-tokens <number>", "of `custom`: output tokens a minute", wholeNumber)
    .action((tier: string, options: GlobalOptions & TierOptions) => setTier(tier, options, createCliContext(options)));

  command(
    "priority",
    "Promise an organization capacity of one class of models (Priority Tier); without figures the promise ends.",
    ["organizations priority sonnet --input-tokens 100000 --output-tokens 20000", "organizations priority sonnet"],
    organizations,
  )
    .argument("<class>", "haiku, sonnet, opus, fable, mythos or local")
    .option("--organization <id>", "organization (the first one)")
    .option("--input-tokens <number>", "input tokens a minute", wholeNumber)
    .option("--output-tokens <number>", "output tokens a minute", wholeNumber)
    .action((modelClass: string, options: GlobalOptions & PriorityOptions) =>
      setPriority(modelClass, options, createCliContext(options)),
    );

  const credits = program.command("credits").description("Credits of an organization, where money is on.");
  command(
    "grant",
    "Grant credits; the same reference grants once.",
    [
      'credits grant --usd 100 --reference "invoice 7" --purchase',
      "credits grant --usd 20 --reference welcome --expires-in-days 90",
    ],
    credits,
  )
    .requiredOption("--usd <number>", "dollars", dollars)
    .requiredOption("--reference <text>", "what it is for")
    .option("--purchase", "it was paid for")
    .option("--expires-in-days <number>", "lifetime", wholeNumber)
    .option("--organization <id>", "organization (the first one)")
    .action((options: GlobalOptions & GrantOptions) => grantCredits(options, createCliContext(options)));
  command("list", "Show credits and what is left.", ["credits list"], credits)
    .option("--organization <id>", "organization (the first one)")
    .action((options: GlobalOptions & { organization?: string }) => showCredits(options, createCliContext(options)));

  command("statements", "Write a month's usage and cost by workspace, key and model.", [
    "statements --month 2026-11",
    "statements --month 2026-11 --workspace wrkspc_01… --out november.pdf",
  ])
    .requiredOption("--month <YYYY-MM>", "which month, in UTC")
    .option("--workspace <id>", "only this workspace")
    .option("--out <file>", "a .csv or .pdf file (CSV on stdout)")
    .option("--organization <id>", "organization (the first one)")
    .action((options: GlobalOptions & StatementOptions) => writeStatement(options, createCliContext(options)));

  const spend = program.command("spend").description("Spend limits of people.");
  command(
    "request-increase",
    "Ask the administrators for a higher limit of one person.",
    ["spend request-increase --user user_01… --period weekly"],
    spend,
  )
    .requiredOption("--user <id>", "whose limit")
    .option("--period <period>", "daily, weekly or monthly", "monthly")
    .option("--organization <id>", "organization (the first one)")
    .action((options: GlobalOptions & IncreaseOptions) => requestSpendIncrease(options, createCliContext(options)));

  const workspaces = program.command("workspaces").description("Workspaces of an organization.");
  command(
    "retention",
    "Show or set how long a workspace's content is kept.",
    [
      "workspaces retention wrkspc_01…",
      "workspaces retention wrkspc_01… --days 7 --file-days 30",
      "workspaces retention wrkspc_01… --days default --file-days none",
    ],
    workspaces,
  )
    .argument("<id>")
    .option("--days <number>", "prompts and replies, or `default`", daysOr("default"))
    .option("--file-days <number>", "the longest life of a file, or `none`", daysOr("none"))
    .action((id: string, options: GlobalOptions & RetentionOptions) =>
      changeDataRetention(id, options, createCliContext(options)),
    );
  command(
    "zero-retention",
    "Store nothing of a workspace's prompts and replies, and delete its files and batches.",
    ["workspaces zero-retention wrkspc_01…", "workspaces zero-retention wrkspc_01… --off"],
    workspaces,
  )
    .argument("<id>")
    .option("--off", "keep them as usual again")
    .option("--yes", "do not ask")
    .action((id: string, options: GlobalOptions & { off?: boolean; yes?: boolean }) =>
      setZeroRetention(id, options, createCliContext(options)),
    );

  command(
    "export",
    "Write everything that is kept of a workspace to one file.",
    ["workspaces export wrkspc_01… team.tar.gz"],
    workspaces,
  )
    .argument("<id>")
    .argument("<file>")
    .action((id: string, file: string, options: GlobalOptions) => exportWorkspaceTo(id, file, createCliContext(options)));
  command(
    "delete",
    "Archive a workspace and delete all its content for good; the ledger and the audit log stay.",
    ["workspaces delete wrkspc_01…", "workspaces delete wrkspc_01… --yes"],
    workspaces,
  )
    .argument("<id>")
    .option("--yes", "do not ask")
    .action((id: string, options: GlobalOptions & { yes?: boolean }) => removeWorkspace(id, options, createCliContext(options)));

  const index = program.command("index").description("Documents of your own that `web_search` finds.");
  command(
    "add",
    "Index a file or a folder: text, Markdown, HTML, PDF. Again, it brings the index up to date.",
    ["index add handbook", "index add handbook --name team --url https://wiki.example.com/handbook"],
    index,
  )
    .argument("<path>")
    .option("--name <name>", "what it is called in the index (the last part of the path)")
    .option("--url <address>", "below which readers find the documents")
    .action((path: string, options: GlobalOptions & IndexAddOptions) =>
      addDocuments(path, options, createCliContext(options), signal),
    );
  command("list", "Show what is indexed.", ["index list"], index).action((options: GlobalOptions) =>
    listDocuments(createCliContext(options)),
  );
  command("rm", "Remove what was added under a name.", ["index rm handbook"], index)
    .argument("<name>")
    .option("--yes", "do not ask")
    .action((name: string, options: GlobalOptions & { yes?: boolean }) =>
      removeDocuments(name, options, createCliContext(options)),
    );

  const users = program.command("users").description("People of an organization.");
  command(
    "create",
    "Make somebody a member, in any role; the Admin API invites people in the lesser ones.",
    ["users create --email ada@example.com --name Ada --role admin"],
    users,
  )
    .requiredOption("--email <address>", "e-mail address")
    .requiredOption("--name <name>", "name")
    .option("--role <role>", "role in the organization", "user")
    .option("--organization <id>", "organization (the first one)")
    .action((options: GlobalOptions & { email: string; name: string; role: string; organization?: string }) =>
      createUser(options, createCliContext(options)),
    );

  command(
    "link",
    "Print a link with which somebody sets a password: the owner's while there is none, or a member's.",
    ["users link", "users link ada@example.com"],
    users,
  )
    .argument("[email]", "a member's address")
    .action((email: string | undefined, options: GlobalOptions) => printLink(email ?? null, createCliContext(options)));

  const audit = program.command("audit").description("The log of administrative acts.");
  command(
    "verify",
    "Check that no row of the log was changed, removed or put in.",
    ["audit verify", "audit verify --expect <organization>:<sequence>:<hash>"],
    audit,
  )
    .option("--expect <note>", "what an earlier check printed: the log must still have that row")
    .action((options: GlobalOptions & { expect?: string }) => verifyAudit(options, createCliContext(options)));

  const passphraseOption = ["--passphrase-file <file>", "seals or opens the master secret (PARLEY_BACKUP_PASSPHRASE)"] as const;
  command("backup", "Write everything to one file: database, files and, with a passphrase, the master secret.", [
    "backup parley-2026-11-21.tar.gz",
    "backup parley-2026-11-21.tar.gz --passphrase-file passphrase.txt",
  ])
    .argument("<file>")
    .option(...passphraseOption)
    .action((file: string, options: GlobalOptions & BackupOptions) => backup(file, options, createCliContext(options)));
  command("restore", "Fill an empty data folder, or an empty database, from a backup.", [
    "restore parley-2026-11-21.tar.gz --data /srv/parley",
  ])
    .argument("<file>")
    .option(...passphraseOption)
    .action((file: string, options: GlobalOptions & BackupOptions) => restore(file, options, createCliContext(options)));

  const engine = program.command("engine").description("The engine that decodes.");
  command("status", "Show which engine is used and why.", ["engine status"], engine).action((options: GlobalOptions) =>
    showEngine(createCliContext(options)),
  );
  command(
    "install",
    "Install llama-server: an official release, or built from the source in the package.",
    ["engine install", "engine install --method source"],
    engine,
  )
    .option("--method <method>", "release or source", "source")
    .option("--sha256 <hex>", "checksum of the release that you trust, where Parley pins none")
    .action((options: GlobalOptions & { method: string; sha256?: string }) =>
      installEngine(options, createCliContext(options), signal),
    );

  command("top", "Watch queue, slots, cache, upstreams, tokens and spend of a server; `q` ends.", [
    "top",
    "top --url https://parley.example.com --every 5",
    "top --once --json",
  ])
    .option("--url <address>", "the server (PARLEY_URL; the one that runs here)")
    .option("--key <key>", "admin key (PARLEY_ADMIN_KEY)")
    .option("--every <seconds>", "between two looks", wholeNumber, 2)
    .option("--once", "print one look and end")
    .action((options: GlobalOptions & TopOptions) => top(options, createCliContext(options), signal));

  const upstreams = program.command("upstreams").description("Other servers that answer for models.");
  command(
    "reload",
    "Have all nodes read `models`, `upstreams` and `pools` anew; streams under way end where they are.",
    ["upstreams reload", "upstreams reload --json"],
    upstreams,
  ).action((options: GlobalOptions) => reloadUpstreams(createCliContext(options)));
  command(
    "drain <name>",
    "Have all nodes give an upstream no new turns, until `resume`; those that it has end there.",
    ["upstreams drain gpu-1"],
    upstreams,
  ).action((name: string, options: GlobalOptions) => drainUpstream(createCliContext(options), name, true));
  command("resume <name>", "Have all nodes give a drained upstream turns again.", ["upstreams resume gpu-1"], upstreams).action(
    (name: string, options: GlobalOptions) => drainUpstream(createCliContext(options), name, false),
  );

  const sandbox = program.command("sandbox").description("Where code of models runs.");
  command("status", "Show whether code can run, and with which Python.", ["sandbox status"], sandbox).action(
    (options: GlobalOptions) => showSandbox(createCliContext(options)),
  );
  command("install", "Install the Python packages that code finds.", ["sandbox install"], sandbox).action(
    (options: GlobalOptions) => installSandbox(createCliContext(options), signal),
  );

  command("doctor", "Say what is wrong here and how to mend it.", ["doctor", "doctor --json"]).action((options: GlobalOptions) =>
    doctor(createCliContext(options)),
  );

  const config = program.command("config").description("The configuration.");
  command("check", "Validate the configuration and show what is in force.", ["config check"], config).action(
    (options: GlobalOptions) => checkConfig(createCliContext(options)),
  );
  return program;
}

function dollars(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1_000_000_000)) throw new InvalidArgumentError("an amount above 0 is needed.");
  return value;
}

/** Days of retention, or that there are none of one's own, which `word` says. Null would be an empty text to commander. */
function daysOr(word: string): (text: string) => RetentionDays {
  return (text) => {
    if (text === word) return "usual";
    const days = wholeNumber(text);
    if (days > 3_650) throw new InvalidArgumentError("3,650 days at most.");
    return days;
  };
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("a whole number from 1 on is needed.");
  return value;
}
