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
/** Tokens are counted when their turn ends: over less, few turns would read as none and then as many. */
const RATES_OVER_MS = 20_000;
/** Where the output is no terminal. */
const WIDTH = 100;

/** A live view of a server in the terminal, from its own status. */
export async function top(options: TopOptions, context: CliContext, signal: AbortSignal): Promise<void> {
  const url = options.url ?? process.env["PARLEY_URL"] ?? readRunFile(context.dataDir)?.url;
  if (!url) throw new UserError("No Parley is running on this data folder. Name one with --url.");
  const key = options.key ?? process.env["PARLEY_ADMIN_KEY"];
  if (!key)
    throw new UserError(
      "top needs an admin key: set PARLEY_ADMIN_KEY, or pass --key. `parley keys create --admin --name top` makes one.",
    );
  if (options.once || context.json || !process.stdout.isTTY) {
    const status = await readStatus(url, key, signal);
    context.emit(status);
    for (const line of renderStatus({ status, before: null, fault: null, width: WIDTH, height: null })) context.say(line);
    return;
  }
  await using screen = openScreen(process.stdin, process.stdout);
  const ended = AbortSignal.any([signal, screen.quit]);
  const overMs = Math.max(RATES_OVER_MS, 2 * options.every * MS_PER_SECOND);
  let looks: readonly ServerStatus[] = [];
  let fault: string | null = null;
  const draw = (): void => {
    const status = looks.at(-1);
    if (status === undefined) return;
    // Behind a balancer looks are at one node and another.
    const before = looks.find((look) => look !== status && look.node === status.node) ?? null;
    screen.draw(({ width, height }) => renderStatus({ status, before, fault, width, height }));
  };
  screen.onResize(draw);
  while (!ended.aborted) {
    try {
      const next = await readStatus(url, key, ended);
      looks = [...looks.filter(({ at }) => Date.parse(next.at) - Date.parse(at) <= overMs), next];
      fault = null;
    } catch (error) {
      if (ended.aborted) return;
      // One that was never seen is a mistake of the person's; one that goes away may come back.
      if (looks.length === 0) throw error;
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
