import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey } from "../../src/auth/manage-api-keys.ts";
import { grantOwnCredits } from "../../src/money/grant-own-credits.ts";
import { recordTurns } from "../../src/storage/testing/record-turns.ts";
import { sampleTurnRecord } from "../../src/storage/testing/sample-turn-record.ts";
import { setOrganizationTier } from "../../src/tenancy/set-organization-tier.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { inspectPage, startConsole, type ConsoleUnderTest, type Tab } from "./start-console.ts";

let ours: ConsoleUnderTest;

beforeAll(async () => {
  ours = await startConsole();
  const { keys, storage, organizationId, workspaceId } = ours.platform;
  const { id: keyId } = await createKey(keys, { name: "nightly evaluation", workspaceId, expiresAtMs: null }, SYSTEM);
  const month = (ago: number) =>
    new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() - ago, 1, 9)).toISOString();
  await recordTurns(
    storage,
    Array.from({ length: 30 }, (_, index) => ({
      ...sampleTurnRecord(`req_month_${index}`),
      organization_id: organizationId,
      workspace_id: workspaceId,
      api_key_id: keyId,
      cost_nano_usd: "120000000",
      input_nano_usd: "120000000",
      cache_read_nano_usd: "0",
      cache_write_5m_nano_usd: "0",
      output_nano_usd: "0",
      is_charged: true,
      started_at: month(index % 3),
    })),
  );
  const act = { ...SYSTEM, organizationId };
  await setOrganizationTier(keys, act, { tier: "1", customLimits: null });
  const grant = { expiresAtMs: null, nanoUsd: 5_000_000_000n };
  await grantOwnCredits(keys, act, { ...grant, kind: "grant", reference: "welcome" });
  await grantOwnCredits(keys, act, { ...grant, kind: "purchase", reference: "invoice 2026-118", nanoUsd: 250_000_000_000n });
});
afterAll(() => ours[Symbol.asyncDispose]());

const LOOKS = [
  ["desktop", {}],
  ["phone", { isDark: true, isPhone: true }],
] as const;

async function join(email: string, name: string): Promise<Tab> {
  const owner = await ours.openAsOwner();
  await owner.page.goto(`${ours.address}/members`);
  await owner.page.getByRole("button", { name: "Invite" }).click();
  await owner.page.getByLabel("E-mail address").fill(email);
  await owner.page.getByRole("button", { name: "Create the invite" }).click();
  const link = (await owner.page.getByRole("region", { name: "Invite link" }).textContent()) ?? "";
  await owner.context.close();
  const tab = await ours.open();
  await tab.page.goto(link);
  await tab.page.getByLabel("Your name").fill(name);
  await tab.page.getByLabel("Password").fill("a nanosecond of wire");
  await tab.page.getByRole("button", { name: "Join" }).click();
  await tab.page.getByRole("heading", { name: /^Welcome/ }).waitFor();
  return tab;
}

test("a member asks for a higher limit, the owner approves it, and the member has it", async () => {
  const member = await join("grace@example.com", "Grace Hopper");
  await member.page.goto(`${ours.address}/limits`);
  await member.page.getByText("You have no limit of your own").waitFor();
  // What is the administrators' to see, a member does not.
  expect(await member.page.getByRole("heading", { level: 2 }).allTextContents()).toEqual(["Your own limit"]);
  await member.page.getByRole("button", { name: "Ask for more" }).click();
  await member.page.getByRole("dialog").getByRole("button", { name: "Ask", exact: true }).click();
  await member.page.getByText("Waiting", { exact: true }).waitFor();

  const { page, context, problems } = await ours.openAsOwner();
  await page.goto(`${ours.address}/limits`);
  await page
    .getByRole("row", { name: /Grace Hopper/ })
    .getByRole("button", { name: "Approve" })
    .click();
  await page.getByLabel("New limit a month, in dollars").fill("25");
  await page.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
  await page.getByText("Nobody is waiting.").waitFor();
  expect(problems).toEqual([]);
  await context.close();

  await member.page.reload();
  await member.page.getByText("$0.00 of $25.00").waitFor();
  await member.page.getByText("Approved", { exact: true }).waitFor();
  expect(member.problems).toEqual([]);
  await member.context.close();
});

test.each(LOOKS)("limits are set, watched, changed and removed (%s)", async (_look, options) => {
  const { page, context, problems } = await ours.openAsOwner(options);
  await page.goto(`${ours.address}/limits`);
  const haiku = page.getByRole("group", { name: "Claude Haiku" });
  await haiku.getByText(/^\d+ of 50$/).waitFor();
  await page.getByText("Tier 1", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Set a limit" }).click();
  await page.getByLabel("For", { exact: true }).selectOption("API key");
  await page.getByLabel("Which one").selectOption("nightly evaluation");
  await page.getByLabel("Limit in dollars").fill("1.50");
  await page.getByRole("button", { name: "Save" }).click();
  const row = page.getByRole("row", { name: /nightly evaluation/ });
  await row.getByText("$1.20 of $1.50").waitFor();

  // Turns take of the bucket, and that is seen without a reload.
  const { url, apiKey } = ours.platform;
  for (let turn = 0; turn < 20; turn += 1) {
    const sent = await fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: { "x-api-key": apiKey, "anthropic-version": "2023-06-01", "content-type": "application/json" },
      body: JSON.stringify({ model: "claude-haiku-4-5", max_tokens: 16, messages: [{ role: "user", content: "Hi" }] }),
    });
    expect(sent.status).toBe(200);
  }
  await haiku.getByText(/^[1-9]\d* of 50$/).waitFor();
  await page.evaluate("window.scrollTo(0, 0)");
  expect(await inspectPage(page, "limits")).toEqual([]);

  await row.getByRole("button", { name: "Actions for nightly evaluation" }).click();
  await page.getByRole("menuitem", { name: "Change" }).click();
  await page.getByLabel("Limit in dollars").fill("2");
  await page.getByRole("button", { name: "Save" }).click();
  await row.getByText("$1.20 of $2.00").waitFor();
  await row.getByRole("button", { name: "Actions for nightly evaluation" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await row.waitFor({ state: "detached" });
  expect(problems).toEqual([]);
  await context.close();
});

test.each(LOOKS)("credits are shown, and a month's statement comes down as CSV and PDF (%s)", async (_look, options) => {
  const { page, context, problems } = await ours.openAsOwner(options);
  await page.goto(`${ours.address}/billing`);
  await page.getByText("invoice 2026-118").waitFor();
  const month = new Intl.DateTimeFormat("en-US", { year: "numeric", month: "long", timeZone: "UTC" }).format(new Date());
  const save = async (format: string) => {
    const downloading = page.waitForEvent("download");
    await page.getByRole("button", { name: `${format} of ${month}` }).click();
    return readFile(await (await downloading).path());
  };
  const csv = (await save("CSV")).toString("utf8");
  expect(csv).toContain("nightly evaluation");
  expect(csv).toContain(",10,");
  expect((await save("PDF")).subarray(0, 5).toString("latin1")).toBe("%PDF-");
  expect(await inspectPage(page, "billing")).toEqual([]);
  expect(problems).toEqual([]);
  await context.close();
});
