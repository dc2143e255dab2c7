import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSpendAlerts } from "../../src/money/alerts/create-spend-alerts.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { findBarriers, inspectPage, startConsole, takePicture, type ConsoleUnderTest } from "./start-console.ts";

let ours: ConsoleUnderTest;
beforeAll(async () => {
  ours = await startConsole({
    deps: {
      charging: { isOn: true, isPrepaid: false },
      alertChannels: { webhookOrigin: "https://hooks.example.com", mailFrom: "Parley <parley@example.com>" },
    },
  });
});
afterAll(() => ours[Symbol.asyncDispose]());

async function policyOf(): Promise<unknown> {
  const { url, workspaceId, adminKey } = ours.platform;
  const reply = await fetch(`${url}/v1/organizations/workspaces/${workspaceId}/data_retention`, {
    headers: { "x-api-key": adminKey, "anthropic-version": "2026-10-21" },
  });
  return reply.json();
}

test.each([
  ["desktop", {}],
  ["phone", { isDark: true, isPhone: true }],
] as const)("how long data is kept and where it is computed are set for a workspace (%s)", async (_look, options) => {
  const { page, context, problems } = await ours.openAsOwner(options);
  await page.goto(`${ours.address}/settings`);
  const actions = page.getByRole("button", { name: /^Actions for/ }).first();
  await actions.click();
  await page.getByRole("menuitem", { name: "Change how long data is kept" }).click();
  await page.getByLabel("Days that content is kept").fill("14");
  await page.getByLabel("Days that files are kept").fill("90");
  expect(await inspectPage(page, "settings-retention")).toEqual([]);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("cell", { name: "14 days" }).waitFor();
  expect(await policyOf()).toMatchObject({ zero_data_retention: false, retention_days: 14, file_retention_days: 90 });

  await actions.click();
  await page.getByRole("menuitem", { name: "Change how long data is kept" }).click();
  await page.getByLabel("Zero data retention").check();
  await page.getByRole("button", { name: "Delete what is stored, and keep nothing" }).click();
  await page.getByRole("cell", { name: "Not at all" }).first().waitFor();
  expect(await policyOf()).toMatchObject({ zero_data_retention: true });
  expect(await inspectPage(page, "settings")).toEqual([]);
  // Nor does a page keep what is written in it.
  await page.goto(`${ours.address}/workbench`);
  await page.getByLabel("Your message").fill("For nobody");
  await page.waitForLoadState("networkidle");
  await page.goto(`${ours.address}/settings`);
  expect(await page.evaluate("sessionStorage.getItem('parley.workbench')")).toBeNull();

  await actions.click();
  await page.getByRole("menuitem", { name: "Change where it is computed" }).click();
  await page.getByLabel("Allowed").selectOption("United States only");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const { url, adminKey } = ours.platform;
  const list = await fetch(`${url}/v1/organizations/workspaces?include_default=true`, {
    headers: { "x-api-key": adminKey, "anthropic-version": "2026-10-21" },
  });
  expect(await list.json()).toMatchObject({
    data: [{ data_residency: { allowed_inference_geos: ["us"], default_inference_geo: "us" } }],
  });

  // As it was, for the other look.
  await actions.click();
  await page.getByRole("menuitem", { name: "Change how long data is kept" }).click();
  await page.getByLabel("Zero data retention").uncheck();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("cell", { name: "14 days" }).waitFor();
  expect(problems).toEqual([]);
  await context.close();
});

test("Settings says who is told of spending, and what was told and what could not be", async () => {
  const { storage, organizationId } = ours.platform;
  await storage.run({ operation: "spend", repeatable: false }, async (database) => {
    await database.execute(sql`
      insert into credit_grants (id, organization_id, kind, reference, amount_nano_usd, remaining_nano_usd, granted_at)
      values ('grant_gone', ${organizationId}, 'grant', 'welcome', 5000000000, 0, now())`);
  });
  const failing = async () => Promise.reject(new Error("the mail server is away"));
  const alerts = createSpendAlerts({
    storage,
    clock: systemClock,
    log: { warn() {} },
    senders: [
      { channel: "webhook", send: async () => {} },
      { channel: "mail", send: failing },
    ],
  });
  await alerts.run();
  const { page, context, problems } = await ours.openAsOwner();
  await page.goto(`${ours.address}/settings`);
  const section = page.getByRole("region", { name: "Spend alerts", exact: true });
  await section.getByText("to https://hooks.example.com").waitFor();
  await section.getByText("from Parley <parley@example.com> to ada@example.com").waitFor();
  const row = section.getByRole("row", { name: /Credits are used up/ });
  await row.getByText("Webhook: sent").waitFor();
  await row.getByText("Mail: is tried again").waitFor();
  await section.scrollIntoViewIfNeeded();
  await takePicture(page, "settings-alerts-light");
  expect(await findBarriers(page)).toEqual([]);
  expect(problems).toEqual([]);
  await context.close();
});
