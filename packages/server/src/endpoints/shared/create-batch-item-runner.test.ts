import { expect, test } from "vitest";
import { createScriptedItemRunner } from "../../doors/testing/create-scripted-item-runner.ts";
import { HELLO, scripted } from "../../doors/testing/scripted-engine.ts";

const CODE = { type: "code_execution_20260120", name: "code_execution" };
const CALLERS = { allowed_callers: ["direct", "code_execution_20260120"] };

test("a program that would wait for the client's tools is an error of its request; one that calls the server's own is none", async () => {
  const { engine, runItem } = await createScriptedItemRunner();
  engine.play(scripted(HELLO));
  const run = (...tools: readonly object[]) =>
    runItem(
      {
        principal: { organizationId: "org_1", workspaceId: "wrkspc_1", apiKeyId: "apikey_1" },
        requestId: "req_1",
        params: { model: "claude-haiku-4-5", max_tokens: 100, tools, messages: [{ role: "user", content: "Go" }] },
        bodyBytes: 100,
        version: "2023-06-01",
        betas: [],
        isBeta: false,
      },
      new AbortController().signal,
    );
  const weather = { name: "weather", input_schema: { type: "object" } };
  expect(await run(CODE, { ...weather, ...CALLERS })).toMatchObject({
    result: {
      type: "errored",
      error: {
        error: {
          type: "invalid_request_error",
          message: "tools.1.custom.allowed_callers: a program cannot wait for a tool of the client in a batch",
        },
      },
    },
    record: null,
  });
  expect(engine.turns).toHaveLength(0);
  const search = { type: "web_search_20260209", name: "web_search", ...CALLERS };
  expect(await run(CODE, weather, search)).toMatchObject({ result: { type: "succeeded" } });
});
