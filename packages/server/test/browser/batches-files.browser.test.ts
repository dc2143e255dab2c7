import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import type { BatchResult, Message } from "@parley/wire";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBatchWorker } from "../../src/batches/create-batch-worker.ts";
import { createLedger } from "../../src/ledger/create-ledger.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { silentLog } from "../../src/storage/testing/test-storage.ts";
import { findBarriers, inspectPage, startConsole, type ConsoleUnderTest } from "./start-console.ts";

let ours: ConsoleUnderTest;
let client: Anthropic;
beforeAll(async () => {
  ours = await startConsole();
  client = new Anthropic({ baseURL: ours.platform.url, apiKey: ours.platform.apiKey });
});
afterAll(() => ours[Symbol.asyncDispose]());

const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

const LOOKS = [
  ["desktop", {}],
  ["phone", { isDark: true, isPhone: true }],
] as const;

const newBatch = (requests: number) =>
  client.messages.batches.create({
    requests: Array.from({ length: requests }, (_, index) => ({
      custom_id: `request-${index}`,
      params: { model: "claude-haiku-4-5", max_tokens: 16, messages: [{ role: "user", content: `Question ${index}` }] },
    })),
  });

const ERRORED: BatchResult = {
  type: "errored",
  error: { type: "error", error: { type: "invalid_request_error", message: "max_tokens: too large" }, request_id: "req_1" },
};
const SUCCEEDED: BatchResult = {
  type: "succeeded",
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-haiku-4-5-20251001",
    content: [{ type: "text", text: "Yes.", citations: null }],
  } as unknown as Message,
};

/** A real worker that goes as far as it is let; the 26th and the 27th request fail, the others are answered. */
async function startWorker() {
  const { storage, blobs } = ours.platform;
  const spoolDir = await mkdtemp(join(tmpdir(), "parley-spool-"));
  const ledger = await createLedger({ storage, spoolDir, log: silentLog });
  let begun = 0;
  const gate = { upTo: 0, opened: Promise.withResolvers<void>() };
  const worker = startBatchWorker({
    storage,
    blobs,
    ledger,
    async runItem() {
      const place = ++begun;
      while (place > gate.upTo) await gate.opened.promise;
      return { type: "done", result: place === 26 || place === 27 ? ERRORED : SUCCEEDED, record: null };
    },
    clock: systemClock,
    log: silentLog,
    concurrency: 1,
    times: { idleMs: 100 },
  });
  return {
    let(upTo: number) {
      gate.upTo = upTo;
      gate.opened.resolve();
      gate.opened = Promise.withResolvers();
    },
    async [Symbol.asyncDispose]() {
      await worker.close(1_000);
      await ledger.close();
      await rm(spoolDir, { recursive: true, force: true });
    },
  };
}

test.each(LOOKS)("batches show how far they are, are canceled, and their results come down (%s)", async (_look, options) => {
  await using worker = await startWorker();
  const { id } = await newBatch(40);
  worker.let(27);
  const { page, context, problems } = await ours.openAsOwner(options);
  await page.goto(`${ours.address}/batches`);
  const row = page.getByRole("row").filter({ hasText: id });
  await row.getByText("27 of 40 done, 2 failed").waitFor();
  // What the worker does meanwhile is seen without a reload.
  worker.let(30);
  await row.getByText("30 of 40 done, 2 failed").waitFor();
  expect(await inspectPage(page, "batches")).toEqual([]);

  await row.getByRole("button", { name: /Actions for/ }).click();
  await page.getByRole("menuitem", { name: "Cancel the batch" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel the batch" }).click();
  await page.getByText("Batch is being canceled").waitFor();
  expect((await client.messages.batches.retrieve(id)).processing_status).toBe("canceling");
  // What it has taken up is finished, what waits is not begun.
  worker.let(40);
  await row.getByText("30 succeeded, 2 failed, 8 canceled").waitFor();
  await row.getByRole("button", { name: /Actions for/ }).click();
  const downloading = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "Download the results" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe(`${id}.jsonl`);
  expect((await readFile(await download.path(), "utf8")).trim().split("\n")).toHaveLength(40);
  await row.getByRole("button", { name: /Actions for/ }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("Batch deleted").waitFor();
  await row.waitFor({ state: "detached" });
  await expect(client.messages.batches.retrieve(id)).rejects.toMatchObject({ status: 404 });
  expect(problems).toEqual([]);
  await context.close();
});

test.each(LOOKS)("a file is uploaded, says how a request names it, and is deleted (%s)", async (_look, options) => {
  const { page, context, problems } = await ours.openAsOwner(options);
  await page.goto(`${ours.address}/files`);
  await page.getByRole("heading", { name: "No file yet" }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await page.getByLabel("Files to upload").setInputFiles([
    { name: "minutes of the meeting.txt", mimeType: "text/plain", buffer: Buffer.from("We agreed.") },
    { name: "chart.png", mimeType: "image/png", buffer: Buffer.from(PIXEL, "base64") },
  ]);
  await page.getByRole("row", { name: /chart\.png/ }).waitFor();
  expect(await inspectPage(page, "files")).toEqual([]);
  const { data } = await client.files.list();
  expect(data.map(({ filename }) => filename)).toEqual(["chart.png", "minutes of the meeting.txt"]);

  await page.getByRole("button", { name: /^minutes of the meeting/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("10 byte").waitFor();
  expect(await dialog.getByRole("region", { name: "In a request" }).textContent()).toContain(`"file_id": "${data[1]?.id ?? ""}"`);
  // What was uploaded is not given out again.
  await dialog.getByText("No, only files that tools made").waitFor();
  expect(await inspectPage(page, "file")).toEqual([]);
  await dialog.getByRole("button", { name: "Close" }).click();
  for (const name of ["chart.png", "minutes of the meeting.txt"]) {
    await page.getByRole("button", { name: `Actions for ${name}` }).click();
    expect(await page.getByRole("menuitem", { name: "Download" }).count()).toBe(0);
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    // Behind an open dialog no row is to be seen.
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByRole("row", { name: new RegExp(name) }).waitFor({ state: "detached" });
  }
  // The rows go before the server has answered.
  await expect.poll(async () => (await client.files.list()).data).toEqual([]);
  expect(problems).toEqual([]);
  await context.close();
});

async function makeSkillFolder(description: string): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), "parley-skill-")), "our-style");
  await mkdir(join(folder, "scripts"), { recursive: true });
  await writeFile(join(folder, "SKILL.md"), `---\nname: our-style\ndescription: ${description}\n---\n# How\n`);
  await writeFile(join(folder, "scripts", "render.py"), "print('ours')\n");
  return folder;
}

test.each(LOOKS)("a skill is uploaded, gets another version, comes down, and is deleted (%s)", async (_look, options) => {
  const { page, context, problems } = await ours.openAsOwner(options);
  await page.goto(`${ours.address}/skills`);
  await page.getByRole("heading", { name: "No skill of your own yet" }).waitFor();
  await page.getByRole("region", { name: "Come with Parley" }).getByText("xlsx", { exact: true }).waitFor();
  expect(await inspectPage(page, "skills-empty")).toEqual([]);

  await page.getByRole("button", { name: "Upload a skill" }).click();
  await page.getByLabel("Folder of the skill").setInputFiles(await makeSkillFolder("Writes reports in our style."));
  await page.getByText(/^our-style: 2 files/).waitFor();
  await page.getByLabel("Name for people").fill("Our style");
  await page.getByRole("dialog").getByRole("button", { name: "Upload", exact: true }).click();
  await page.getByText("Our style uploaded").waitFor();
  const { data } = await client.skills.list({ source: "custom" });
  expect(data).toMatchObject([{ display_name: "Our style" }]);

  await page.getByRole("button", { name: "Actions for Our style" }).click();
  await page.getByRole("menuitem", { name: "Upload a new version" }).click();
  await page.getByLabel("Folder of the skill").setInputFiles(await makeSkillFolder("Writes letters, too."));
  await page.getByRole("dialog").getByRole("button", { name: "Upload", exact: true }).click();
  await page.getByText("New version uploaded").waitFor();
  expect(await inspectPage(page, "skills")).toEqual([]);

  await page.getByRole("button", { name: /^Our style/ }).click();
  const dialog = page.getByRole("dialog", { name: "Our style" });
  await dialog.getByText("Writes letters, too.").waitFor();
  expect(await dialog.getByRole("region", { name: "In a request" }).textContent()).toContain(data[0]?.id ?? "");
  const versions = dialog.getByRole("button", { name: /^Delete skver_/ });
  await versions.nth(1).waitFor();
  expect(await inspectPage(page, "skill")).toEqual([]);
  const downloading = page.waitForEvent("download");
  await dialog
    .getByRole("button", { name: /^Download skver_/ })
    .first()
    .click();
  const archive = await readFile(await (await downloading).path());
  expect(archive.subarray(0, 2).toString("latin1")).toBe("PK");
  expect(archive.includes("our-style/scripts/render.py")).toBe(true);
  await versions.nth(1).click();
  await page.getByRole("dialog", { name: "Delete this version?" }).getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByText("Version deleted").waitFor();
  // The last one goes with the skill only.
  await versions.first().waitFor({ state: "detached" });
  await dialog.getByRole("button", { name: "Close" }).click();

  await page.getByRole("button", { name: "Actions for Our style" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByText("Skill deleted").waitFor();
  await page.getByRole("heading", { name: "No skill of your own yet" }).waitFor();
  expect((await client.skills.list({ source: "custom" })).data).toEqual([]);
  expect(problems).toEqual([]);
  await context.close();
});
