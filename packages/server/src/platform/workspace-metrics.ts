import { Counter, type Registry } from "prom-client";
import type { Usage } from "../turn/turn-event.ts";

/** Whose figures they are. */
export interface Tenant {
  readonly organizationId: string;
  readonly workspaceId: string;
}

export interface WorkspaceMetrics {
  /** A request of somebody known has ended: `completed`, or an error's type. */
  request(tenant: Tenant, outcome: string): void;
  turn(tenant: Tenant, turn: { readonly usage: Usage; readonly queueMs: number; readonly nanoUsd: bigint }): void;
  /** A turn of the workspace waited somewhere that its own times do not tell. */
  waited(workspaceId: string, waitedMs: number): void;
}

interface Tally {
  readonly labels: { readonly organization: string; readonly workspace: string };
  readonly requests: Map<string, number>;
  readonly tokens: Record<"input" | "cache_read" | "cache_write_5m" | "cache_write_1h" | "output", number>;
  turns: number;
  nanoUsd: bigint;
  queueMs: number;
}

const OTHER = "other";
const MS_PER_SECOND = 1000;
const NANO_PER_USD = 1e9;

/**
 * Counters by workspace. The first `max` workspaces that this process meets have labels of their own, for as long as it lives; what all later
 * ones do is one more, `other`: so a series never changes its meaning and their number has a bound. The counters are filled when they are read,
 * which costs a request nothing but a few additions.
 */
export function countByWorkspace(registry: Registry, max: number): WorkspaceMetrics {
  const tallies = new Map<string, Tally>();
  const others = newTally({ organizationId: OTHER, workspaceId: OTHER });

  function tallyOf(tenant: Tenant): Tally {
    const known = tallies.get(tenant.workspaceId);
    if (known !== undefined) return known;
    if (tallies.size >= max) return others;
    const tally = newTally(tenant);
    tallies.set(tenant.workspaceId, tally);
    return tally;
  }

  function counter(name: string, help: string, label: string | null, read: (tally: Tally) => Iterable<[string, number]>): void {
    const all = new Counter<string>({
      name,
      help,
      labelNames: ["organization", "workspace", ...(label === null ? [] : [label])],
      registers: [registry],
      collect() {
        this.reset();
        for (const tally of [...tallies.values(), others]) {
          for (const [of, value] of read(tally)) {
            if (value > 0) all.inc(label === null ? tally.labels : { ...tally.labels, [label]: of }, value);
          }
        }
      },
    });
  }

  counter("parley_workspace_requests_total", "Requests of a workspace, by outcome", "outcome", (tally) => tally.requests);
  counter("parley_workspace_turns_total", "Turns of a workspace that ended", null, ({ turns }) => [["", turns]]);
  counter("parley_workspace_tokens_total", "Tokens accounted to a workspace", "kind", ({ tokens }) => Object.entries(tokens));
  counter("parley_workspace_cost_usd_total", "What the turns of a workspace cost by the prices, in dollars", null, (tally) => [
    ["", Number(tally.nanoUsd) / NANO_PER_USD],
  ]);
  counter(
    "parley_workspace_queue_seconds_total",
    "What the turns of a workspace waited for a slot or an upstream",
    null,
    (tally) => [["", tally.queueMs / MS_PER_SECOND]],
  );

  return {
    request(tenant, outcome) {
      const { requests } = tallyOf(tenant);
      requests.set(outcome, (requests.get(outcome) ?? 0) + 1);
    },
    turn(tenant, { usage, queueMs, nanoUsd }) {
      const tally = tallyOf(tenant);
      tally.turns += 1;
      tally.queueMs += queueMs;
      tally.nanoUsd += nanoUsd;
      tally.tokens.input += usage.inputTokens;
      tally.tokens.cache_read += usage.cacheReadTokens;
      tally.tokens.cache_write_5m += usage.cacheWrite5mTokens;
      tally.tokens.cache_write_1h += usage.cacheWrite1hTokens;
      tally.tokens.output += usage.outputTokens;
    },
    waited(workspaceId, waitedMs) {
      (tallies.get(workspaceId) ?? others).queueMs += waitedMs;
    },
  };
}

function newTally({ organizationId, workspaceId }: Tenant): Tally {
  return {
    labels: { organization: organizationId, workspace: workspaceId },
    requests: new Map(),
    tokens: { input: 0, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0, output: 0 },
    turns: 0,
    nanoUsd: 0n,
    queueMs: 0,
  };
}
