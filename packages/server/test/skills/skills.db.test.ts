import Anthropic, { toFile } from "@anthropic-ai/sdk";
import OldAnthropic, { toFile as toOldFile } from "anthropic-sdk-0.70";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createKey } from "../../src/auth/manage-api-keys.ts";
import { removeOrphans } from "../../src/blobs/index.ts";
import { createSkills } from "../../src/skills/create-skills.ts";
import { readZip } from "../../src/skills/read-zip.ts";
import { makeZip } from "../../src/skills/testing/make-zip.ts";
import { dumpTable } from "../../src/storage/testing/dump-table.ts";
import { createWorkspace } from "../../src/tenancy/manage-workspaces.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { type Platform, startPlatform } from "../support/start-platform.ts";

let platform: Platform;
let client: Anthropic;
let old: OldAnthropic;
let stranger: Anthropic;
beforeAll(async () => {
  platform = await startPlatform();
  const { url: baseURL, apiKey, organizationId } = platform;
  client = new Anthropic({ baseURL, apiKey, maxRetries: 0 });
  old = new OldAnthropic({ baseURL, apiKey, maxRetries: 0 });
  const settings = { displayColor: null, tags: {}, allowedInferenceGeos: null, defaultInferenceGeo: "global" as const };
  const other = await createWorkspace(platform.keys, { ...SYSTEM, organizationId }, { ...settings, name: "Other" });
  const key = await createKey(platform.keys, { name: "other", workspaceId: other.id, expiresAtMs: null }, SYSTEM);
  stranger = new Anthropic({ baseURL, apiKey: key.secret, maxRetries: 0 });
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  for await (const skill of client.skills.list({ source: "custom" })) await client.skills.delete(skill.id);
  const left = await stored();
  if (left.length > 0) throw new Error(`blobs were left: ${left.join()}`);
});

const stored = () => Array.fromAsync(platform.blobs.list(), ({ key }) => key);
const skillMd = (name: string, description = "Writes reports in our style.") =>
  `---\nname: ${name}\ndescription: ${description}\n---\n\n# How\n`;

async function filesOf(name: string, description?: string) {
  return [
    await toFile(Buffer.from(skillMd(name, description)), `${name}/SKILL.md`),
    await toFile(Buffer.from("print('hi')\n"), `${name}/scripts/run.py`),
  ];
}

const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;

describe("the SDK's skills", () => {
  test("a skill is made from its files, gets versions, is read back as a zip archive, and goes with all of them", async () => {
    const skill = await client.skills.create({ files: await filesOf("our-style"), display_name: "Our style" });
    expect(skill).toEqual({
      id: expect.stringMatching(/^skill_01[1-9A-Za-z]{22}$/),
      type: "skill",
      display_name: "Our style",
      latest_version_id: expect.stringMatching(/^skver_01[1-9A-Za-z]{22}$/),
      source: { type: "custom" },
      created_at: ISO,
      updated_at: ISO,
    });
    expect(await client.skills.retrieve(skill.id)).toEqual(skill);
    const second = await client.skills.versions.create(skill.id, { files: await filesOf("our-style", "Better.") });
    expect(second).toEqual({
      id: expect.stringMatching(/^skver_/),
      type: "skill_version",
      skill_id: skill.id,
      name: "our-style",
      description: "Better.",
      created_at: ISO,
    });
    expect((await client.skills.retrieve(skill.id)).latest_version_id).toBe(second.id);
    expect(await client.skills.versions.retrieve(second.id, { skill_id: skill.id })).toEqual(second);
    const versions = await Array.fromAsync(client.skills.versions.list(skill.id, { limit: 1 }), ({ id }) => id);
    expect(versions).toEqual([second.id, skill.latest_version_id]);

    const download = await client.beta.skills.versions.download(second.id, { skill_id: skill.id });
    expect(download.headers.get("content-disposition")).toBe('attachment; filename="our-style.zip"');
    const files = await readZip(Buffer.from(await download.arrayBuffer()));
    expect(files.map(({ path, content }) => [path, content.toString()])).toEqual([
      ["our-style/SKILL.md", skillMd("our-style", "Better.")],
      ["our-style/scripts/run.py", "print('hi')\n"],
    ]);

    const gone = await client.skills.versions.delete(versions[1]!, { skill_id: skill.id });
    expect(gone).toEqual({ id: versions[1], type: "skill_version_deleted" });
    await expect(client.skills.versions.delete(second.id, { skill_id: skill.id })).rejects.toThrow(
      "Cannot delete the only version of a skill. Delete the skill instead.",
    );
    expect(await client.skills.delete(skill.id)).toEqual({ id: skill.id, type: "skill_deleted" });
    await expect(client.skills.retrieve(skill.id)).rejects.toMatchObject({ status: 404, type: "not_found_error" });
    const log = await dumpTable(platform.storage, "audit_log");
    for (const action of ["skill.create", "skill_version.create", "skill_version.delete", "skill.delete"]) {
      expect(log).toContain(action);
    }
  });

  test("a zip archive makes the same skill, and a skill without a label is called by its name", async () => {
    const archive = await makeZip([
      { name: "our-style/", content: "" },
      { name: "our-style/SKILL.md", content: skillMd("our-style") },
    ]);
    const skill = await client.skills.create({ files: [await toFile(archive, "our-style.zip")] });
    expect(skill.display_name).toBe("our-style");
    const version = await client.skills.versions.retrieve(skill.latest_version_id, { skill_id: skill.id });
    expect(version.description).toBe("Writes reports in our style.");
  });

  test("a list pages over the workspace's skills, newest first, then Parley's, and is filtered by source", async () => {
    const made: string[] = [];
    for (const name of ["one", "two", "three"]) made.unshift((await client.skills.create({ files: await filesOf(name) })).id);
    const all = await Array.fromAsync(client.skills.list({ limit: 2 }), ({ id }) => id);
    expect(all).toEqual([...made, "docx", "pdf", "pptx", "xlsx"]);
    expect(await Array.fromAsync(client.skills.list({ limit: 2, source: "custom" }), ({ id }) => id)).toEqual(made);
    const own = await Array.fromAsync(client.skills.list({ limit: 3, source: "anthropic" }), ({ source }) => source.type);
    expect(own).toEqual(Array.from({ length: 4 }, () => "anthropic"));
    await expect(client.skills.list({ source: "mine" })).rejects.toThrow(
      "source: Input should be 'custom', 'anthropic', 'anthropic_example' or 'plugin'",
    );
    await expect(client.skills.list({ limit: 101 })).rejects.toThrow("limit: Input should be less than or equal to 100");
  });

  test("Parley's own skills are read and not changed", async () => {
    const skill = await client.skills.retrieve("xlsx");
    expect(skill).toMatchObject({ display_name: "Excel", source: { type: "anthropic" } });
    const download = await client.beta.skills.versions.download(skill.latest_version_id, { skill_id: "xlsx" });
    const paths = (await readZip(Buffer.from(await download.arrayBuffer()))).map(({ path }) => path);
    expect(paths).toEqual(["xlsx/SKILL.md", "xlsx/scripts/create_workbook.py", "xlsx/scripts/read_workbook.py"]);
    const readOnly = "Skill xlsx is of source 'anthropic', which is read-only.";
    await expect(client.skills.delete("xlsx")).rejects.toThrow(readOnly);
    await expect(client.skills.versions.create("xlsx", { files: await filesOf("xlsx") })).rejects.toThrow(readOnly);
  });

  test("another workspace's skill answers like one that never was", async () => {
    const { id, latest_version_id: version } = await client.skills.create({ files: await filesOf("our-style") });
    const tries = [
      () => stranger.skills.retrieve(id),
      () => stranger.skills.delete(id),
      () => stranger.skills.versions.list(id),
      () => stranger.skills.versions.retrieve(version, { skill_id: id }),
      () => stranger.skills.versions.delete(version, { skill_id: id }),
      async () => stranger.skills.versions.create(id, { files: await filesOf("our-style") }),
      () => stranger.beta.skills.versions.download(version, { skill_id: id }),
    ];
    for (const attempt of tries) {
      const error = await Promise.resolve(attempt()).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ status: 404, error: { error: { message: `Skill not found: ${id}` } } });
    }
    expect(await Array.fromAsync(stranger.skills.list({ source: "custom" }))).toEqual([]);
    const mine = await client.skills.create({ files: await filesOf("another") });
    await expect(client.skills.versions.retrieve(version, { skill_id: mine.id })).rejects.toThrow(
      `Skill version not found: ${version}`,
    );
  });
});

test("a client of the beta gets the shapes and the rules from before general availability", async () => {
  // SDKs of that time send no folders with the names of files: an archive is what they can upload.
  const archive = await makeZip([{ name: "our-style/SKILL.md", content: skillMd("our-style") }]);
  const files = [await toOldFile(archive, "our-style.zip")];
  const skill = await old.beta.skills.create({ files, display_title: "Our style" });
  expect(skill).toEqual({
    id: expect.stringMatching(/^skill_/),
    type: "skill",
    display_title: "Our style",
    latest_version: expect.stringMatching(/^\d{16}$/),
    source: "custom",
    created_at: ISO,
    updated_at: ISO,
  });
  await expect(old.beta.skills.create({ files, display_title: "Our style" })).rejects.toThrow(
    "Skill cannot reuse an existing display_title: Our style",
  );
  const listed = await old.beta.skills.list({ source: "custom" });
  expect(listed).toMatchObject({ data: [skill], has_more: false, next_page: null });
  const version = await old.beta.skills.versions.retrieve(skill.latest_version!, { skill_id: skill.id });
  expect(version).toMatchObject({ version: skill.latest_version, directory: "our-style", name: "our-style" });
  await expect(old.beta.skills.delete(skill.id)).rejects.toThrow(
    "Cannot delete skill with existing versions. Delete all versions first.",
  );
  const gone = await old.beta.skills.versions.delete(skill.latest_version!, { skill_id: skill.id });
  expect(gone).toEqual({ id: skill.latest_version, type: "skill_version_deleted" });
  expect((await old.beta.skills.retrieve(skill.id)).latest_version).toBeNull();
  // In the newer shape a skill has a version: one without is not there.
  await expect(client.skills.retrieve(skill.id)).rejects.toMatchObject({ status: 404 });
  expect(await Array.fromAsync(client.skills.list({ source: "custom" }))).toEqual([]);
  expect(await old.beta.skills.delete(skill.id)).toEqual({ id: skill.id, type: "skill_deleted" });
});

describe("refused, and nothing is left", () => {
  const uploads: [string, () => Promise<File[]>, string][] = [
    [
      "no SKILL.md",
      async () => [await toFile(Buffer.from("x"), "a/b.md")],
      "SKILL.md file must be exactly in the top-level folder.",
    ],
    [
      "a folder with another name",
      async () => [await toFile(Buffer.from(skillMd("my-skill")), "skills/SKILL.md")],
      "The folder name 'skills' must match the skill name 'my-skill' in SKILL.md.",
    ],
    [
      "a path that leads out",
      async () => [...(await filesOf("s")), await toFile(Buffer.from("x"), "s/../../etc/cron.d/x")],
      "files: the path 's/../../etc/cron.d/x' leads out of its folder",
    ],
    [
      "an archive with a link",
      async () => {
        const link = { name: "s/etc", content: "/etc", mode: 0o120_777 };
        return [await toFile(await makeZip([{ name: "s/SKILL.md", content: skillMd("s") }, link]), "s.zip")];
      },
      "files: 's/etc' in the zip archive is a symbolic link",
    ],
    [
      "an archive that unpacks to too much",
      async () => [await toFile(await makeZip([{ name: "s/a", content: Buffer.alloc(31 * 1024 * 1024) }]), "s.zip")],
      "Skill is too large: all files together may have at most 30 MB.",
    ],
  ];
  test.each(uploads)("%s", async (_what, make, message) => {
    const error = await client.skills.create({ files: await make() }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 400, error: { error: { type: "invalid_request_error", message } } });
    expect(await stored()).toEqual([]);
  });

  test("a form without files, with more than a skill has, or of a version with another name", async () => {
    const post = async (path: string, parts: Readonly<Record<string, string | File>>) => {
      const body = new FormData();
      for (const [name, value] of Object.entries(parts)) body.append(name, value);
      const headers = { "x-api-key": platform.apiKey, "anthropic-version": "2026-10-21" };
      const reply = await fetch(`${platform.url}${path}`, { method: "POST", headers, body });
      return [reply.status, ((await reply.json()) as { error: { message: string } }).error.message];
    };
    expect(await post("/v1/skills", { display_name: "x" })).toEqual([400, "files: Field required"]);
    const file = new File([skillMd("s")], "s/SKILL.md");
    expect(await post("/v1/skills", { "files[]": file, display_title: "x" })).toEqual([
      400,
      "display_title: Extra inputs are not permitted",
    ]);
    expect(await post("/v1/skills", { "files[]": file, display_name: "x".repeat(256) })).toEqual([
      400,
      "display_name: String should have at most 255 characters",
    ]);
    const { id } = await client.skills.create({ files: await filesOf("our-style") });
    expect(await post(`/v1/skills/${id}/versions`, { "files[]": file })).toEqual([
      400,
      "The skill name 's' in SKILL.md must be 'our-style', the name of the skill's other versions.",
    ]);
    expect(await stored()).toHaveLength(1);
  });

  test("an upload of more than 30 MB, before it is read where its length is told", async () => {
    const error = await client.skills
      .create({ files: [...(await filesOf("s")), await toFile(Buffer.alloc(32 * 1024 * 1024), "s/big")] })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 413 });
  });
});

test("a version takes its place in time also when two are made at once, and the newest is the last", async () => {
  const { id } = await client.skills.create({ files: await filesOf("our-style") });
  const files = await Promise.all(Array.from({ length: 6 }, (_, index) => filesOf("our-style", `Version ${index}`)));
  const made = await Promise.all(files.map((each) => client.skills.versions.create(id, { files: each })));
  const versions = await Array.fromAsync(client.skills.versions.list(id, { limit: 4 }), (each) => each.id);
  expect(new Set(versions)).toEqual(new Set([...made.map((each) => each.id), versions.at(-1)]));
  expect(versions).toHaveLength(7);
  expect((await client.skills.retrieve(id)).latest_version_id).toBe(versions[0]);
});

test("archives that no version names go after a day, those that one names stay", async () => {
  const { id, latest_version_id: version } = await client.skills.create({ files: await filesOf("our-style") });
  async function* bytes() {
    yield Buffer.from("left behind");
  }
  await platform.blobs.put("skills/skver_01orphan", bytes());
  const { storage, blobs } = platform;
  const sweepAt = (ms: number) => {
    const clock = { nowMs: () => Date.now() + ms, monotonicMs: () => performance.now() };
    const skills = createSkills({ storage, blobs, clock, auditKey: platform.keys.auditKey, quotaBytes: 0, builtIns: [] });
    return removeOrphans({ blobs, clock, owners: [skills.blobOwner] });
  };
  await sweepAt(0);
  expect(await stored()).toHaveLength(2);
  await sweepAt(25 * 3_600_000);
  expect(await stored()).toEqual([`skills/${version}`]);
  expect((await client.skills.retrieve(id)).id).toBe(id);
});
