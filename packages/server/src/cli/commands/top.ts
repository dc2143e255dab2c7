import { setTimeout as pause } from "node:timers/promises";
import { ErrorEnvelope, ServerStatus } from "@parley/wire";
import { askServer } from "../ask-server.ts";
import { type CliContext, UserError } from "../cli-context.ts";
import { readRunFile } from "../run-file.ts";
import { openScreen } from "../top/open-screen.ts";
import { renderStatus } from "../top/render-status.ts";

export interface TopOptions {
  readonly url?: string;
  readonly key?: string;
  readonly every: number;
  readonly once?: boolean;
}

const REQUEST_TIMEOUT_MS = 10_000;
const MS_PER_SECOND = 1_000;
/** Where the output is no terminal. */
const WIDTH = 100;

/** A live view of a server in the terminal, from its own status. */
export async function top(options: TopOptions, context: CliContext, signal: AbortSignal): Promise<void> {
  const url = options.url ?? process.env["PARLEY_URL"] ?? readRunFile(context.dataDir)?.url;
  if (!url) throw new UserError("No Parley is running on this data folder. Name one with --url.");
  const key = options.key ?? process.env["PARLEY_ADMIN_KEY"];
  if (!key)
    throw new UserError("top needs an admin key: set PARLEY_ADMIN_KEY, or pass --key. `parley keys create --admin` makes one.");
  if (options.once || context.json || !process.stdout.isTTY) {
    const status = await readStatus(url, key, signal);
    context.emit(status);
    for (const line of renderStatus({ status, before: null, fault: null, width: WIDTH, height: null })) context.say(line);
    return;
  }
  await using screen = openScreen(process.stdin, process.stdout);
  const ended = AbortSignal.any([signal, screen.quit]);
  let status: ServerStatus | null = null;
  let before: ServerStatus | null = null;
  let fault: string | null = null;
  const draw = (): void => {
    if (status !== null) screen.draw(({ width, height }) => renderStatus({ status: status!, before, fault, width, height }));
  };
  screen.onResize(draw);
  while (!ended.aborted) {
    try {
      const next = await readStatus(url, key, ended);
      [before, status, fault] = [status, next, null];
    } catch (error) {
      if (ended.aborted) return;
      // One that was never seen is a mistake of the person's; one that goes away may come back.
      if (status === null) throw error;
      fault = error instanceof Error ? error.message : String(error);
    }
    draw();
    await pause(options.every * MS_PER_SECOND, undefined, { signal: ended }).catch(() => {});
  }
}

async function readStatus(url: string, key: string, signal: AbortSignal): Promise<ServerStatus> {
  const reply = await askServer(new URL("/v1/organizations/server_status", url).href, {
    headers: { "x-api-key": key, "anthropic-version": "2023-06-01" },
    signal,
    timeoutMs: REQUEST_TIMEOUT_MS,
  });
  const json: unknown = await reply.json().catch(() => null);
  const { data } = ServerStatus.safeParse(json);
  if (data) return data;
  const { data: failed } = ErrorEnvelope.safeParse(json);
  throw new UserError(`${url}: ${failed?.error.message ?? `no Parley that tells how it is (status ${reply.status})`}`);
}
