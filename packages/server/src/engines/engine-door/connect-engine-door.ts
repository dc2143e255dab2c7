import type { EngineLine, FailureLine } from "../../turn/engine-line.ts";
import { fail, type Failure } from "../../platform/fail.ts";
import type { Engine, WeightsDescription } from "../../turn/engine.ts";
import type { Turn } from "../../turn/turn.ts";
import { createUpstreamClient, type UpstreamReply } from "../upstream/upstream-client.ts";
import type { UpstreamDriver } from "../upstream/upstream-driver.ts";
import { UPSTREAM_FAULTS, UpstreamFailure, upstreamFailure } from "../upstream/upstream-failure.ts";

/** The engines of another process of Parley, through its engine door. */
export interface DistantEngines {
  /** Its local models. */
  readonly engine: Engine;
  /** One of its upstreams; null: its local models, as an upstream of ours. */
  driver(upstream: string | null): UpstreamDriver;
  /** What else it answers, by name. */
  ask(name: string, question: unknown, signal?: AbortSignal): Promise<unknown>;
  close(): void;
}

const CONNECT_MS = 5_000;
/** The door says something every 5 s; one that computes a very long prompt's tokens may be late. */
const SILENCE_MS = 60_000;
const CONNECTIONS_MAX = 10_000;
const LIST_FRESH_MS = 1_000;
const NEVER = new AbortController().signal;

export function connectEngineDoor({
  address,
  secret,
}: {
  readonly address: { readonly socketPath: string } | { readonly url: string };
  readonly secret: string;
}): DistantEngines {
  const client = createUpstreamClient({
    ...("url" in address ? { url: address.url } : { url: "http://parley", socketPath: address.socketPath }),
    headers: { authorization: `Bearer ${secret}` },
    connectMs: CONNECT_MS,
    connectionsMax: CONNECTIONS_MAX,
  });

  async function* lines(path: string, body: unknown, signal: AbortSignal): AsyncGenerator<EngineLine, void, void> {
    const reply = await client.send(path, { body: JSON.stringify(body), silenceMs: SILENCE_MS, signal });
    if (reply.status !== 200) throw upstreamFailure("credentials", `the engine door answered ${reply.status}`);
    yield* readLines(reply);
  }

  async function value(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    for await (const line of lines(path, body, signal)) {
      if ("failure" in line) throw revive(line.failure);
      if ("value" in line) return line.value;
    }
    throw upstreamFailure("cut", "the engine door gave no answer");
  }

  const ask = (name: string, question: unknown, signal: AbortSignal = NEVER): Promise<unknown> =>
    value(`/ask/${name}`, question, signal);
  const list = async (signal?: AbortSignal): Promise<readonly WeightsDescription[]> =>
    (await ask("list", null, signal)) as readonly WeightsDescription[];
  let known: { readonly atMs: number; readonly list: ReturnType<typeof list> } | null = null;

  /** What is on the other's disk is asked for by each page and by some turns. */
  function recentList(): ReturnType<typeof list> {
    const nowMs = performance.now();
    if (known !== null && nowMs - known.atMs < LIST_FRESH_MS) return known.list;
    const asked = { atMs: nowMs, list: list() };
    asked.list.catch(() => {
      if (known === asked) known = null;
    });
    known = asked;
    return asked.list;
  }

  async function* run(
    upstream: string | null,
    turn: Turn,
    at: { readonly model: string | null; readonly isFallback: boolean },
    signal: AbortSignal,
  ) {
    let hasEnded = false;
    for await (const line of lines("/run", { upstream, turn: toSent(turn), ...at }, signal)) {
      if ("failure" in line) throw revive(line.failure);
      if (!("event" in line)) continue;
      hasEnded ||= line.event.type === "end";
      yield line.event;
    }
    if (!hasEnded) throw upstreamFailure("cut", "the engine door ended a turn without its end");
  }
  const count = async (upstream: string | null, turn: Turn, model: string | null, signal: AbortSignal): Promise<number> =>
    Number(await value("/count", { upstream, turn: toSent(turn), model }, signal));

  return {
    engine: {
      list: recentList,
      countTokens: (turn, signal) => count(null, turn, null, signal),
      run: (turn, signal) => run(null, turn, { model: null, isFallback: false }, signal),
    },
    driver(upstream) {
      let described: Pick<WeightsDescription, "contextTokens" | "thinking"> | null = null;
      return {
        run: (turn, at, signal) => run(upstream, turn, at, signal),
        countTokens: (turn, model, signal) => count(upstream, turn, model, signal),
        describe: () => described,
        async probe(signal) {
          described =
            upstream === null ? summarize(await list(signal)) : ((await ask("describe", upstream, signal)) as typeof described);
        },
        close() {},
      };
    },
    ask,
    close: () => client.close(),
  };
}

/** As JSON holds it. What is passed on as it came never gets here: upstreams of that kind are every process's own. */
function toSent(turn: Turn): object {
  return { ...turn, wire: undefined };
}

async function* readLines(reply: UpstreamReply): AsyncGenerator<EngineLine, void, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const part of reply.body) {
    const found = (rest + decoder.decode(part, { stream: true })).split("\n");
    rest = found.pop() ?? "";
    // Empty ones are pings. The other end is Parley, and has checked our secret.
    for (const text of found) {
      if (text === "") continue;
      const line = JSON.parse(text) as EngineLine;
      // Nothing follows these: the connection may be kept though nobody reads on.
      if (!("event" in line) || line.event.type === "end") reply.finish();
      yield line;
    }
  }
}

function revive({ type, fault, ...options }: FailureLine): Failure {
  const known = UPSTREAM_FAULTS.find((each) => each === fault);
  return known === undefined ? fail(type, options) : new UpstreamFailure(known, type, options);
}

/** A pool does not say which of the weights it will ask for. */
function summarize(all: readonly WeightsDescription[]): Pick<WeightsDescription, "contextTokens" | "thinking"> | null {
  if (all.length === 0) return null;
  return {
    contextTokens: Math.min(...all.map(({ contextTokens }) => contextTokens)),
    thinking: all.every(({ thinking }) => thinking === "native") ? "native" : "emulated",
  };
}
