import { setTimeout as pause } from "node:timers/promises";
import { AuthorizationServer, DeviceAuthorization, TokenReply } from "@parley/wire";
import { z } from "zod";
import { askServer } from "../ask-server.ts";
import { type CliContext, UserError } from "../cli-context.ts";
import { type Login, readLogins, writeLogin } from "../logins.ts";
import { readRunFile } from "../run-file.ts";

export interface LoginOptions {
  readonly url?: string;
}

const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";
const REQUEST_TIMEOUT_MS = 30_000;
const TOO_MANY_REQUESTS = 429;
const MS_PER_SECOND = 1_000;
const SLOWER_BY_SECONDS = 5;
/** A token that ends sooner is renewed before it is used. */
const RENEW_BEFORE_MS = 120_000;

const OAuthError = z.object({ error: z.string(), error_description: z.string().optional() });

/** Signs whoever uses this machine in at a Parley elsewhere: they agree in the browser. */
export async function login(options: LoginOptions, context: CliContext, signal: AbortSignal): Promise<void> {
  const url = addressOf(options, context);
  const server = await discover(url, signal);
  const asked = await post(server.device_authorization_endpoint, {}, signal);
  if (!asked.ok) throw new UserError(`${url} does not sign devices in: ${await reasonOf(asked)}`);
  const device = DeviceAuthorization.parse(await asked.json());
  context.tell(`Open ${device.verification_uri_complete} in a browser, and agree to the code ${device.user_code}.`);
  writeLogin(context.dataDir, url, await waitForTokens(server.token_endpoint, device, signal));
  context.say(`Signed in at ${url}.`);
  context.emit({ url });
}

/** Prints a token that works for some minutes at least, as Claude Code's apiKeyHelper wants it. */
export async function printToken(options: LoginOptions, context: CliContext, signal: AbortSignal): Promise<void> {
  const url = addressOf(options, context);
  const login = await freshLogin(url, context, signal);
  context.say(login.access_token);
  context.emit({ url, access_token: login.access_token, expires_at: new Date(login.expires_at_ms).toISOString() });
}

/** Forgets the tokens here. The sign-in itself ends in the Console, or when it is over. */
export function logout(options: LoginOptions, context: CliContext): void {
  const url = addressOf(options, context);
  writeLogin(context.dataDir, url, null);
  context.say(`Forgot the sign-in at ${url}. It is listed under your API keys in the Console, where it can be ended.`);
  context.emit({ url });
}

async function freshLogin(url: string, context: CliContext, signal: AbortSignal): Promise<Login> {
  const found = readLogins(context.dataDir)[url];
  if (!found) throw new UserError(`Nobody is signed in at ${url} here: parley login --url ${url}`);
  if (found.expires_at_ms - Date.now() > RENEW_BEFORE_MS) return found;
  const { token_endpoint: endpoint } = await discover(url, signal);
  const reply = await post(endpoint, { grant_type: "refresh_token", refresh_token: found.refresh_token }, signal);
  if (reply.status === TOO_MANY_REQUESTS) throw new UserError(`${url} is asked too often. Try again in a minute.`);
  if (!reply.ok) throw new UserError(`The sign-in at ${url} is over (${await reasonOf(reply)}): parley login --url ${url}`);
  const renewed = toLogin(await reply.json());
  writeLogin(context.dataDir, url, renewed);
  return renewed;
}

async function waitForTokens(endpoint: string, device: z.infer<typeof DeviceAuthorization>, signal: AbortSignal): Promise<Login> {
  let intervalSeconds = device.interval;
  for (;;) {
    await pause(intervalSeconds * MS_PER_SECOND, undefined, { signal });
    const reply = await post(endpoint, { grant_type: DEVICE_GRANT, device_code: device.device_code }, signal);
    if (reply.ok) return toLogin(await reply.json());
    const { data } = OAuthError.safeParse(await reply.json().catch(() => null));
    if (data?.error === "slow_down" || reply.status === TOO_MANY_REQUESTS) intervalSeconds += SLOWER_BY_SECONDS;
    else if (data?.error !== "authorization_pending") {
      throw new UserError(`The sign-in failed: ${data?.error_description ?? data?.error ?? `status ${reply.status}`}`);
    }
  }
}

/** Where it is said to send tokens, which is nowhere but there. */
async function discover(url: string, signal: AbortSignal): Promise<z.infer<typeof AuthorizationServer>> {
  const reply = await askServer(`${url}/.well-known/oauth-authorization-server`, { signal, timeoutMs: REQUEST_TIMEOUT_MS });
  const { data } = AuthorizationServer.safeParse(reply.ok ? await reply.json().catch(() => null) : null);
  if (!data) throw new UserError(`${url} is no Parley that signs devices in (status ${reply.status}).`);
  for (const endpoint of [data.token_endpoint, data.device_authorization_endpoint]) {
    if (new URL(endpoint).origin !== new URL(url).origin) throw new UserError(`${url} names another server: ${endpoint}`);
  }
  return data;
}

function post(url: string, form: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> {
  const body = new URLSearchParams({ client_id: "parley", ...form });
  return askServer(url, { method: "POST", body, signal, timeoutMs: REQUEST_TIMEOUT_MS });
}

function toLogin(json: unknown): Login {
  const { access_token, refresh_token, expires_in } = TokenReply.parse(json);
  return { access_token, refresh_token, expires_at_ms: Date.now() + expires_in * MS_PER_SECOND };
}

async function reasonOf(reply: Response): Promise<string> {
  const { data } = OAuthError.safeParse(await reply.json().catch(() => null));
  return data?.error_description ?? data?.error ?? `status ${reply.status}`;
}

/** The one that is named, else the one that runs here. */
function addressOf({ url }: LoginOptions, context: CliContext): string {
  const found = url ?? process.env["PARLEY_URL"] ?? readRunFile(context.dataDir)?.url;
  if (!found || !URL.canParse(found)) throw new UserError("Name the server: --url https://parley.example.com, or PARLEY_URL.");
  return new URL(found).origin;
}
