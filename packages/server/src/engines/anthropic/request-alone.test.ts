import { afterAll, beforeAll, expect, test } from "vitest";
import { startWithPools } from "../../../test/support/start-with-pools.ts";
import { BODY, post } from "../../doors/testing/start-test-server.ts";
import { type FakeUpstream, MESSAGE, sendJson, startFakeUpstream } from "../upstream/testing/fake-upstream.ts";

let fake: FakeUpstream;
beforeAll(async () => {
  fake = await startFakeUpstream(() => {});
});
afterAll(() => fake.close());

const VERTEX = "/v1/projects/p/locations/global/publishers/anthropic/models/claude-haiku-4-5@20251001:rawPredict";
const { model: _model, ...cloudBody } = BODY;
const withBeta = (beta: string) => ({ ...cloudBody, anthropic_version: "vertex-2023-10-16", anthropic_beta: [beta] });
const html = (status: number) => () => fake.answer((outgoing) => sendJson(outgoing, status, "<html>too large</html>"));
const well = () => fake.answer((outgoing) => sendJson(outgoing, 200, MESSAGE));
const noModel = () =>
  fake.answer((outgoing) =>
    sendJson(outgoing, 404, { type: "error", error: { type: "not_found_error", message: "model: claude-haiku-4-5" } }),
  );

test.each([
  ["a beta that would be two headers", VERTEX, withBeta("a\r\nx-other: b"), {}, well, [400, "invalid_request_error"]],
  ["a beta that fits into no header", VERTEX, withBeta("a\u2603"), {}, well, [400, "invalid_request_error"]],
  ["betas of many pages in the body", VERTEX, withBeta("b".repeat(20_000)), {}, well, [400, "invalid_request_error"]],
  [
    "betas of many pages in the header",
    "/v1/messages",
    BODY,
    { "anthropic-beta": "b".repeat(5_000) },
    well,
    [400, "invalid_request_error"],
  ],
  ["a body too large for a proxy", "/v1/messages", BODY, {}, html(413), [413, "request_too_large"]],
  ["headers too large for a proxy", "/v1/messages", BODY, {}, html(431), [413, "request_too_large"]],
  ["a model that it does not have", "/v1/messages", BODY, {}, noModel, [404, "not_found_error"]],
] as const)("%s pauses no upstream", async (_what, path, body, headers, play, expected) => {
  const alone = await startWithPools({
    models: { haiku: "asis" },
    upstreams: { one: { kind: "anthropic", url: fake.url } },
    pools: { asis: { targets: [{ upstream: "one" }] } },
  });
  play();
  for (let n = 0; n < 4; n += 1) {
    const reply = await post(alone, path, body, { headers });
    expect([reply.status, ((await reply.json()) as { error: { type: string } }).error.type]).toEqual(expected);
  }
  expect(alone.router.status()).toMatchObject([{ isUp: true, fault: null }]);
  await alone.close();
});
