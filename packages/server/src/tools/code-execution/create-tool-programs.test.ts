import { expect, test } from "vitest";
import { ServerToolError } from "../server-tool.ts";
import type { CodeCall } from "./create-code-runner.ts";
import { createToolPrograms } from "./create-tool-programs.ts";

const tool = { name: "ask", description: null, inputSchema: { type: "object" }, strict: false, inputExamples: [] };
const PROGRAM = { command: [], givesFiles: false };

let calls = 0;
function callIn(workspaceId: string): CodeCall {
  calls += 1;
  return {
    id: `srvtoolu_${calls}`,
    turn: { requestId: "req_1", workspaceId, programTools: [tool] },
    signal: new AbortController().signal,
    container: { open: (make) => make(), current: () => undefined },
  };
}

test("one organization, in however many workspaces, leaves room for programs of others that wait", async () => {
  const programs = createToolPrograms({
    containers: { use: (_id, work) => work({ folder: "", userId: 1 }) },
    inTurn: (_whose, _signal, work) => work(),
    // It asks, and waits for ever.
    runIn: async (_place, _turn, { talk }) => {
      await talk?.answer(JSON.stringify({ calls: [{ id: 1, name: "ask", input: {} }] }));
      return new Promise(() => {});
    },
    createCheck: () => () => null,
    programsMax: { ofWorkspace: 2, ofOrganization: 4, inAll: 6 },
    waitMs: 60_000,
  });
  const container = { id: "container_1", expiresAtMs: 0 };
  const begin = async (organizationId: string, workspaceId: string) => {
    try {
      return (await programs.begin(callIn(workspaceId), { container, organizationId }, PROGRAM)).type;
    } catch (error) {
      return error instanceof ServerToolError ? error.code : error;
    }
  };
  const first = ["one", "one", "one", "two", "two", "three"];
  const outcomes: unknown[] = [];
  for (const workspaceId of first) outcomes.push(await begin("org_1", workspaceId));
  const [waits, full] = ["calls", "too_many_requests"];
  expect(outcomes).toEqual([waits, waits, full, waits, waits, full]);
  expect([await begin("org_2", "four"), await begin("org_2", "five"), await begin("org_2", "six")]).toEqual([waits, waits, full]);
});
