import Anthropic, { toFile } from "@anthropic-ai/sdk";
import { Message } from "@parley/wire";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openFolderBlobStore } from "../../blobs/folder-blob-store.ts";
import { createContainers } from "../../containers/create-containers.ts";
import { end, type Script, start, textBlock, toolBlock } from "../../doors/testing/scripted-engine.ts";
import { OTHER_KEY } from "../../doors/testing/start-test-server.ts";
import { createFiles } from "../../files/create-files.ts";
import { systemClock } from "../../platform/clock.ts";
import { createTurnTaker } from "../../platform/take-turns.ts";
import { openSandbox } from "../../sandbox/open-sandbox.ts";
import { createSkillFolders } from "../../skills/create-skill-folders.ts";
import { createSkills } from "../../skills/create-skills.ts";
import { loadBuiltInSkills } from "../../skills/load-built-in-skills.ts";
import { openTestStorage } from "../../storage/testing/test-storage.ts";
import { noCode, otherTools } from "../testing/other-tools.ts";
import { startToolServer } from "../testing/start-tool-server.ts";
import { createWebFetch } from "../web-fetch/create-web-fetch.ts";
import { createWebSearch } from "../web-search/create-web-search.ts";
import { createCodeExecution } from "./create-code-execution.ts";
import { createCodeRunner } from "./create-code-runner.ts";

const MIB = 1024 ** 2;
const LIMITS = { timeoutMs: 10_000, memoryBytes: 500 * MIB, processes: 32, diskBytes: 100 * MIB, diskEntries: 2_000 };
const PYTHON = { type: "code_execution_20250522", name: "code_execution" } as const;

const dataDir = await mkdtemp(join(tmpdir(), "parley-skills-"));
const { sandbox, ...why } = await openSandbox(dataDir, LIMITS);
if (sandbox === null) process.stdout.write(`No sandbox here, so no program reads a skill: ${JSON.stringify(why)}\n`);

const clock = systemClock;
const storage = await openTestStorage();
const blobs = await openFolderBlobStore(join(storage.dataDir, "blobs"));
const files = createFiles({ storage, blobs, clock, quotaBytes: 500 * MIB });
const builtIns = await loadBuiltInSkills();
const skills = createSkills({ storage, blobs, clock, auditKey: Buffer.alloc(32), quotaBytes: 500 * MIB, builtIns });
const unpacked = join(dataDir, "skills");
const skillFolders = createSkillFolders({ storage, skills, builtIns, folder: unpacked });
const containers = createContainers({ storage, clock, folder: join(dataDir, "containers"), lifeDays: 30 });

let server: Awaited<ReturnType<typeof startToolServer>>;
let client: Anthropic;
let stranger: Anthropic;
let mine: Anthropic.Skill;
beforeAll(async () => {
  const egress = () => Promise.reject(new Error("nothing is fetched here"));
  const code = { ...noCode, sandbox, containers, files, skillFolders, timeoutMs: LIMITS.timeoutMs, concurrency: 2 };
  const tools = {
    web_search: createWebSearch({ provider: null, resultsMax: 1, pageMaxCharacters: 1, seal: () => "" }),
    web_fetch: createWebFetch({ egress, turns: createTurnTaker(2), clock, isEnabled: false, contentMaxTokens: 100 }),
    ...otherTools,
    ...createCodeExecution(createCodeRunner(code), code),
  };
  server = await startToolServer(tools, {}, { files, containers, skills });
  client = server.client;
  stranger = new Anthropic({ baseURL: server.url, apiKey: OTHER_KEY, maxRetries: 0 });
  mine = await client.skills.create({ files: await filesOf("Version one.") });
});
afterAll(async () => {
  await server?.close();
  await storage.close();
  await rm(dataDir, { recursive: true, force: true });
});

const filesOf = async (body: string) => [
  await toFile(Buffer.from(`---\nname: our-style\ndescription: Writes in our style.\n---\n${body}`), "our-style/SKILL.md"),
  await toFile(Buffer.from("GREETING = 'Good day'\n"), "our-style/scripts/words.py"),
];

function plays(code: string | null): Script {
  return async function* () {
    yield start;
    yield* code === null ? textBlock(0, "Done.") : toolBlock(0, "code_execution", JSON.stringify({ code }));
    yield end({ stopReason: code === null ? "end_turn" : "tool_use" });
  };
}

type Params = Partial<Anthropic.Beta.MessageCreateParamsNonStreaming>;
const BODY = {
  model: "claude-haiku-4-5",
  max_tokens: 100,
  messages: [{ role: "user" as const, content: "Go" }],
  tools: [PYTHON],
};

function ask(code: string | null, params: Params, by = client) {
  server.playSteps(...(code === null ? [] : [plays(code)]), plays(null));
  return by.beta.messages.create({ ...BODY, ...params });
}
const stdout = (message: Anthropic.Beta.BetaMessage) =>
  message.content.flatMap((block) => (block.type === "code_execution_tool_result" ? [block.content] : []));

test("the model is told names and descriptions only, behind the request's own system", async () => {
  const container = { skills: [custom(), { type: "anthropic" as const, skill_id: "xlsx" }] };
  await ask(null, { container, system: "Be brief." });
  const [own, list] = server.engine.turns.at(-1)?.system ?? [];
  expect(own?.text).toBe("Be brief.");
  expect(list?.text).toContain("- our-style (/skills/our-style/SKILL.md): Writes in our style.");
  expect(list?.text).toMatch(/- xlsx \(\/skills\/xlsx\/SKILL\.md\): Create, read and change Excel workbooks/);
  expect(list?.text).not.toContain("Version one.");
  await ask(null, { system: "Be brief." });
  expect(server.engine.turns.at(-1)?.system).toHaveLength(1);
});

const custom = (over: Partial<Anthropic.Beta.BetaSkillParams> = {}) => ({ type: "custom" as const, skill_id: mine.id, ...over });

test.each<[string, () => Params, number, string]>([
  [
    "a skill that is not there",
    () => ({ container: { skills: [custom({ skill_id: "skill_none" })] } }),
    404,
    "Skill not found: skill_none",
  ],
  [
    "a version that is not there",
    () => ({ container: { skills: [custom({ version: "1" })] } }),
    404,
    "Skill version not found: 1",
  ],
  [
    "a skill of ours under the wrong type",
    () => ({ container: { skills: [custom({ skill_id: "xlsx" })] } }),
    404,
    "Skill not found: xlsx",
  ],
  [
    "one skill twice",
    () => ({ container: { skills: [custom(), custom({ version: "latest" })] } }),
    400,
    "container.skills: there is more than one skill with the name 'our-style'",
  ],
  [
    "nine skills",
    () => ({ container: { skills: Array.from({ length: 9 }, () => custom()) } }),
    400,
    "container.skills: List should have at most 8 items after validation, not 9",
  ],
  [
    "skills without a tool that runs code",
    () => ({ container: { skills: [custom()] }, tools: [] }),
    400,
    "container.skills: skills need a code execution tool in `tools`",
  ],
])("%s is refused", async (_what, params, status, message) => {
  const error = await ask(null, params()).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ status, error: { error: { message } } });
});

test("another workspace's skill is refused like one that never was", async () => {
  const error = await ask(null, { container: { skills: [custom()] } }, stranger).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ status: 404, error: { error: { message: `Skill not found: ${mine.id}` } } });
});

describe.skipIf(sandbox === null)("in a sandbox", () => {
  test("programs read a skill's files and run them, change nothing, and see no other skill", async () => {
    const code = `
import os, sys
sys.path.insert(0, "/skills/our-style/scripts")
import words
print(words.GREETING, sorted(os.listdir("/skills")), open("/skills/our-style/SKILL.md").read().splitlines()[-1])
for attempt in (lambda: open("/skills/our-style/SKILL.md", "a"), lambda: open("/skills/new", "w"), lambda: os.remove("/skills/our-style/SKILL.md")):
    try:
        attempt()
        print("written")
    except OSError as error:
        print(type(error).__name__)
`;
    const message = await ask(code, { container: { skills: [custom()] } });
    expect(Message.safeParse(message).error).toBeUndefined();
    expect(stdout(message)).toMatchObject([{ return_code: 0 }]);
    const [said] = stdout(message) as { stdout: string }[];
    const [first, ...refused] = said?.stdout.trim().split("\n") ?? [];
    expect(first).toBe("Good day ['our-style'] Version one.");
    expect(refused).toHaveLength(3);
    expect(refused.every((each) => /^(OSError|PermissionError)$/.test(each))).toBe(true);
    expect(message.container?.skills).toEqual([{ type: "custom", skill_id: mine.id, version: mine.latest_version_id }]);
  });

  test("the newest version counts unless one is named, a container may go on with others, and deleted ones leave the disk", async () => {
    const show = "print(open('/skills/our-style/SKILL.md').read().splitlines()[-1])";
    const second = await client.skills.versions.create(mine.id, { files: await filesOf("Version two.") });
    const newest = await ask(show, { container: { skills: [custom()] } });
    expect(stdout(newest)).toMatchObject([{ stdout: "Version two.\n" }]);
    const id = newest.container?.id ?? "";
    const pinned = await ask(show, { container: { id, skills: [custom({ version: mine.latest_version_id })] } });
    expect(stdout(pinned)).toMatchObject([{ stdout: "Version one.\n" }]);
    expect(pinned.container).toMatchObject({ id, skills: [{ version: mine.latest_version_id }] });
    const without = await ask("import os; print(os.path.exists('/skills'))", { container: id });
    expect([stdout(without)[0], without.container?.skills]).toMatchObject([{ stdout: "False\n" }, null]);

    expect((await readdir(unpacked)).toSorted()).toEqual([mine.latest_version_id, second.id].toSorted());
    await client.skills.versions.delete(second.id, { skill_id: mine.id });
    await skillFolders.sweep();
    expect(await readdir(unpacked)).toEqual([mine.latest_version_id]);
  });

  test("Parley's own skills are there, by their scripts", async () => {
    const container = { skills: [{ type: "anthropic" as const, skill_id: "pdf", version: "latest" }] };
    const message = await ask("import os; print(sorted(os.listdir('/skills/pdf/scripts')))", { container });
    expect(stdout(message)).toMatchObject([{ stdout: "['create_pdf.py', 'pdf_tools.py']\n" }]);
    expect(message.container?.skills).toEqual([{ type: "anthropic", skill_id: "pdf", version: "20261122" }]);
  });
});
