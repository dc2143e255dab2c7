import { stringify } from "yaml";
import type { CliContext } from "../cli-context.ts";

/** Getting here means that the configuration was read without a problem; shows what is in force. */
export function checkConfig(context: CliContext): void {
  const { database_url: databaseUrl, redis_url: redisUrl, files, openid, alerts, web_search: search, ...rest } = context.config;
  const hidden = (value: string | null): string | null => (value === null ? null : "(set)");
  // An address may hold a password.
  const s3 = { ...files.s3, secret_access_key: hidden(files.s3.secret_access_key) };
  const { upstreams } = rest;
  const shown = {
    ...rest,
    upstreams: Object.fromEntries(
      Object.entries(upstreams).map(([name, each]) => [name, { ...each, api_key: hidden(each.api_key) }]),
    ),
    files: { ...files, s3 },
    web_search: { ...search, api_key: hidden(search.api_key) },
    openid: { ...openid, client_secret: hidden(openid.client_secret) },
    alerts: { ...alerts, webhook_secret: hidden(alerts.webhook_secret), smtp_url: hidden(alerts.smtp_url) },
    database_url: hidden(databaseUrl),
    redis_url: hidden(redisUrl),
  };
  context.say(`# ${context.file ?? `no file; the defaults (a file would be ${context.dataDir}/parley.yaml)`}`);
  context.say(stringify(shown).trimEnd());
  context.emit({ ok: true, file: context.file, data: context.dataDir, config: shown });
}
