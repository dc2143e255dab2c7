import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createKey } from "../../src/auth/manage-api-keys.ts";
import { createAwsKey } from "../../src/auth/manage-aws-keys.ts";
import { HELLO, scripted } from "../../src/doors/testing/scripted-engine.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { runClaudeCode } from "../support/run-claude-code.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
let folder: string;
beforeAll(async () => {
  platform = await startPlatform();
  folder = await mkdtemp(join(tmpdir(), "parley-clouds-"));
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  if (folder) await rm(folder, { recursive: true, force: true });
});
beforeEach(() => platform.engine.play(scripted(HELLO)));

/** What it says, and how many turns it ran. A cloud has no other way to a model than the address that is given here. */
async function ask(model: string, env: NodeJS.ProcessEnv) {
  const before = platform.engine.turns.length;
  const blocks = await runClaudeCode({ model, env }, folder, ["-p", "Hi"]);
  return { text: blocks.find(({ type }) => type === "text")?.text, hasRun: platform.engine.turns.length > before };
}

const ANSWER = { text: "Hello", hasRun: true };

test("Claude Code in Vertex mode gets its reply", async () => {
  const answer = await ask("claude-opus-4-6", {
    CLAUDE_CODE_USE_VERTEX: "1",
    CLAUDE_CODE_SKIP_VERTEX_AUTH: "1",
    ANTHROPIC_VERTEX_BASE_URL: `${platform.url}/v1`,
    ANTHROPIC_VERTEX_PROJECT_ID: "some-project",
    CLOUD_ML_REGION: "global",
    ANTHROPIC_AUTH_TOKEN: platform.apiKey,
  });
  expect(answer).toEqual(ANSWER);
}, 120_000);

test("Claude Code in Bedrock mode gets its reply, with a bearer token and signing", async () => {
  const env = { CLAUDE_CODE_USE_BEDROCK: "1", ANTHROPIC_BEDROCK_BASE_URL: platform.url, AWS_REGION: "us-east-1" };
  const model = "us.anthropic.claude-opus-4-6-v1";
  expect(await ask(model, { ...env, AWS_BEARER_TOKEN_BEDROCK: platform.apiKey })).toEqual(ANSWER);
  const { id } = await createKey(platform.keys, { name: "s", workspaceId: platform.workspaceId, expiresAtMs: null }, SYSTEM);
  const { accessKeyId, secretAccessKey } = await createAwsKey(platform.keys, id, SYSTEM);
  const signing = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  expect(await ask(model, { ...env, ...signing })).toEqual(ANSWER);
}, 120_000);
