import { expect, test } from "vitest";
import { NOTHING_USED } from "../turn/add-usage.ts";
import { mergeMetrics } from "./expose-metrics.ts";
import { createMetrics, type Metrics } from "./metrics.ts";

const TIMINGS = { renderMs: 0, queueMs: 500, restoreMs: 0, prefillMs: 0, decodeMs: 0 };
const UNTRACED = { requestId: "req_0", traceparent: undefined };
const TURN = { modelClass: "haiku", weights: "tiny", outcome: "completed", timings: TIMINGS };
const USAGE = { ...NOTHING_USED, inputTokens: 10, cacheReadTokens: 5, outputTokens: 3 };

const tenant = (workspaceId: string) => ({ organizationId: `org-of-${workspaceId}`, workspaceId });

function takeTurn(metrics: Metrics, workspaceId: string): void {
  metrics.turnEnded({ ...TURN, tenant: tenant(workspaceId), usage: USAGE, nanoUsd: 1_500_000n }, UNTRACED);
}

function ofWorkspaces(text: string): readonly string[] {
  return text.split("\n").filter((line) => line.startsWith("parley_workspace_"));
}

test("each workspace has its requests, tokens, cost and waits; beyond the bound they are told together", async () => {
  const metrics = createMetrics({ workspacesMax: 1 });
  takeTurn(metrics, "one");
  takeTurn(metrics, "two");
  takeTurn(metrics, "three");
  takeTurn(metrics, "one");
  metrics.workspaceRequest(tenant("one"), "completed");
  metrics.workspaceRequest(tenant("one"), "rate_limit_error");
  metrics.workspaceRequest(tenant("two"), "rate_limit_error");
  metrics.poolWaited({ pool: "p", workspaceId: "one", waitedMs: 250 }, UNTRACED);
  metrics.poolWaited({ pool: "p", workspaceId: "two", waitedMs: 250 }, UNTRACED);
  expect(ofWorkspaces((await metrics.expose("text")).text)).toEqual([
    'parley_workspace_requests_total{organization="org-of-one",workspace="one",outcome="completed"} 1',
    'parley_workspace_requests_total{organization="org-of-one",workspace="one",outcome="rate_limit_error"} 1',
    'parley_workspace_requests_total{organization="other",workspace="other",outcome="rate_limit_error"} 1',
    'parley_workspace_turns_total{organization="org-of-one",workspace="one"} 2',
    'parley_workspace_turns_total{organization="other",workspace="other"} 2',
    'parley_workspace_tokens_total{organization="org-of-one",workspace="one",kind="input"} 20',
    'parley_workspace_tokens_total{organization="org-of-one",workspace="one",kind="cache_read"} 10',
    'parley_workspace_tokens_total{organization="org-of-one",workspace="one",kind="output"} 6',
    'parley_workspace_tokens_total{organization="other",workspace="other",kind="input"} 20',
    'parley_workspace_tokens_total{organization="other",workspace="other",kind="cache_read"} 10',
    'parley_workspace_tokens_total{organization="other",workspace="other",kind="output"} 6',
    'parley_workspace_cost_usd_total{organization="org-of-one",workspace="one"} 0.003',
    'parley_workspace_cost_usd_total{organization="other",workspace="other"} 0.003',
    'parley_workspace_queue_seconds_total{organization="org-of-one",workspace="one"} 1.25',
    'parley_workspace_queue_seconds_total{organization="other",workspace="other"} 1.25',
  ]);
});

test("no turn is lost or told twice where processes differ in whom they tell apart", async () => {
  const [roomy, full] = [createMetrics(), createMetrics({ workspacesMax: 0 })];
  takeTurn(roomy, "one");
  takeTurn(full, "one");
  const { text } = await mergeMetrics([await roomy.read(), await full.read()], "text");
  const turns = ofWorkspaces(text).filter((line) => line.startsWith("parley_workspace_turns_total"));
  expect(turns).toEqual([
    'parley_workspace_turns_total{organization="org-of-one",workspace="one"} 1',
    'parley_workspace_turns_total{organization="other",workspace="other"} 1',
  ]);
});
