import { stringify } from "yaml";
import type { CliContext } from "../cli-context.ts";

/** Getting here means that the configuration was read without a problem; shows what is in force. */
export function checkConfig(context: CliContext): void {
  const { database_url: databaseUrl, ...rest } = context.config;
  // A database address holds a password.
  const shown = { ...rest, database_url: databaseUrl === null ? null : "(set)" };
  context.say(`# ${context.file ?? `no file; the defaults (a file would be ${context.dataDir}/parley.yaml)`}`);
  context.say(stringify(shown).trimEnd());
  context.emit({ ok: true, file: context.file, data: context.dataDir, config: shown });
}
