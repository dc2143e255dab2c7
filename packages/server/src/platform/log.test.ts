import { expect, test } from "vitest";
import { fail } from "./fail.ts";
import { createLog } from "./log.ts";

function capture() {
  const lines: string[] = [];
  const log = createLog({ level: "info", destination: { write: (line) => void lines.push(line) } });
  return { log, lines };
}

test("secrets and content are cut out, at the top and one level down", () => {
  const { log, lines } = capture();
  const held = { authorization: "Bearer s3cret", "x-api-key": "s3cret", messages: [{ content: "s3cret" }], safe: "kept" };
  log.info({ ...held, headers: held, requestId: "req_1" }, "request");
  expect(lines[0]).not.toContain("s3cret");
  expect(lines[0]).toContain('"safe":"kept"');
  expect(lines[0]).toContain('"requestId":"req_1"');
});

test("a failure's internal text and cause are logged", () => {
  const { log, lines } = capture();
  log.error({ err: fail("api_error", { public: "Sorry", internal: "exit 137", cause: new Error("root") }) }, "failed");
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    level: "error",
    err: { type: "api_error", internal: "exit 137", cause: { message: "root" } },
  });
});
