import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { insertRequestFailures } from "../../src/storage/request-log.ts";
import { insertTurnRecords, type TurnRecordRow } from "../../src/storage/turn-records.ts";
import { sampleTurnRecord } from "../../src/storage/testing/sample-turn-record.ts";
import { findBarriers, isWithinWidth, startConsole, takePicture, type ConsoleUnderTest } from "./start-console.ts";

let ours: ConsoleUnderTest;
const WANTED = `req_${randomUUID().replaceAll("-", "")}`;
const REFUSED = `req_${randomUUID().replaceAll("-", "")}`;

/** What an afternoon leaves: some models, cache hits and misses, a refusal, somebody who left. */
function someTurns(organizationId: string, workspaceId: string): readonly TurnRecordRow[] {
  const models = ["claude-haiku-4-5-20251001", "claude-sonnet-4-5-20250929", "claude-opus-4-5-20251101"];
  return Array.from({ length: 60 }, (_, index) => ({
    ...sampleTurnRecord(index === 3 ? WANTED : `req_${randomUUID().replaceAll("-", "")}`),
    organization_id: organizationId,
    workspace_id: workspaceId,
    api_key_id: "workbench",
    model: models[index % 3] ?? "",
    weights: "qwen2.5-coder-1.5b-instruct-q4_k_m",
    input_tokens: 180 + 37 * (index % 7),
    cache_read_tokens: index % 4 === 0 ? 0 : 11_648,
    cache_write_5m_tokens: index % 4 === 0 ? 11_648 : 212,
    output_tokens: 90 + 61 * (index % 5),
    outcome: index % 17 === 9 ? "client_closed" : null,
    auth_ms: 0.41,
    read_ms: 1.9,
    limits_ms: 0.7,
    render_ms: 6.2,
    queue_ms: index % 3 === 0 ? 182 : 0.3,
    restore_ms: index % 4 === 0 ? 0 : 14.6,
    prefill_ms: index % 4 === 0 ? 9_240 : 318,
    decode_ms: 1_900 + 210 * (index % 5),
    cache_miss_reason: index % 8 === 4 ? "system_changed" : null,
    missed_input_tokens: index % 8 === 4 ? 11_648 : null,
    started_at: new Date(Date.now() - 90_000 - index * 47_000).toISOString(),
  }));
}

beforeAll(async () => {
  ours = await startConsole();
  const { storage, organizationId, workspaceId } = ours.platform;
  await insertTurnRecords(storage, someTurns(organizationId, workspaceId));
  await insertRequestFailures(storage, [
    {
      requestId: REFUSED,
      organizationId,
      workspaceId,
      apiKeyId: "workbench",
      model: "claude-sonnet-4-5",
      status: 429,
      errorType: "rate_limit_error",
      errorMessage: "This request would exceed your organization's rate limit of 50 requests per minute.",
      durationMs: 1.4,
      authMs: 0.4,
      startedAt: new Date(Date.now() - 30_000),
    },
  ]);
});
afterAll(() => ours[Symbol.asyncDispose]());

for (const [look, options] of [
  ["light", {}],
  ["dark-phone", { isDark: true, isPhone: true }],
] as const) {
  test(`the log of requests leads to one request and where its time went (${look})`, async () => {
    const { page, context, problems } = await ours.openAsOwner(options);
    await page.goto(`${ours.address}/requests`);
    await page
      .getByRole("row", { name: /claude-opus-4-5-20251101/ })
      .first()
      .waitFor();
    await takePicture(page, `requests-${look}`);
    expect(await findBarriers(page)).toEqual([]);
    expect(await isWithinWidth(page)).toBe(true);

    await page.getByLabel("Status").selectOption("Failed");
    await page
      .getByRole("row", { name: /Failed · 429/ })
      .getByRole("link")
      .click();
    await page.getByText("would exceed your organization's rate limit").waitFor();
    await page.getByText("refused before the model was asked").waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await takePicture(page, `request-refused-${look}`);
    // The filter is part of the address: going back keeps it.
    await page.goBack();
    expect(
      await page
        .getByRole("row")
        .filter({ has: page.getByRole("link") })
        .count(),
    ).toBe(1);

    await page.getByLabel("Find by request id").fill(WANTED);
    await page.keyboard.press("Enter");
    await page.getByText("Reading the prompt", { exact: true }).waitFor();
    expect(await page.getByRole("listitem").filter({ hasText: "Waiting for a slot" }).textContent()).toContain("182\u202fms");
    await page.getByText("of the prompt came from the cache").waitFor();
    await page.getByText("qwen2.5-coder-1.5b-instruct-q4_k_m").waitFor();
    await takePicture(page, `request-${look}`);
    expect(await findBarriers(page)).toEqual([]);
    expect(await isWithinWidth(page)).toBe(true);
    expect(problems).toEqual([]);
    await context.close();
  });
}

test("a hundred thousand requests scroll with a screenful of rows in the page, in the server's order", async () => {
  const { storage, organizationId, workspaceId } = ours.platform;
  await storage.run({ operation: "fill the ledger", repeatable: false }, (database) =>
    database.execute(sql`insert into turn_records (sequence, request_id, organization_id, workspace_id, api_key_id, message_id,
        model, weights, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches,
        input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd,
        web_search_nano_usd, thinking_tokens, service_tier, render_ms, queue_ms, restore_ms, prefill_ms, decode_ms, started_at,
        inference_geo, context_window, product, price_reference, cost_nano_usd, is_charged)
      select nextval('turn_records_number_seq'), 'req_many_' || n, ${organizationId}, ${workspaceId}, 'workbench', 'msg_' || n,
        'many', 'weights', n, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 'standard', 1, 1, 1, 1, 100,
        '2026-11-10T00:00:00Z'::timestamptz - n * interval '7 seconds', 'global', '0-200k', 'messages_api', 'p', 0, false
      from generate_series(1, 100000) n`),
  );
  const { page, context, problems } = await ours.openAsOwner();
  await page.goto(`${ours.address}/requests?model=many`);
  const rows = page.getByRole("row").filter({ has: page.getByRole("link") });
  await rows.first().waitFor();
  const table = page.getByRole("table", { name: "Requests" });
  const loaded = async () => Number(await table.getAttribute("aria-rowcount"));
  while ((await loaded()) < 4_000) {
    const before = await loaded();
    await page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)");
    await expect.poll(loaded, { timeout: 30_000 }).toBeGreaterThan(before);
    expect(await rows.count()).toBeLessThan(100);
  }
  // In the middle of what was read: the row that stands there is the one that belongs there, with its figure.
  await page.evaluate("window.scrollTo(0, 2000 * 44)");
  const middle = page.locator('[role="row"][aria-rowindex="2010"]');
  await middle.waitFor();
  expect(await middle.getByRole("cell").nth(3).textContent()).toBe("2,009");
  expect(await rows.count()).toBeLessThan(100);
  expect(problems).toEqual([]);
  await context.close();
});

test("usage tells the share of batches, and a day is looked at by the hour and left again", async () => {
  const { page, context, problems } = await ours.openAsOwner();
  await page.goto(`${ours.address}/usage`);
  await page.getByText("Of batches").waitFor();
  const days = page.getByRole("button", { name: /^Look closer at/ });
  await days.first().waitFor();
  const byDay = await days.count();
  await days.first().click();
  await page.getByRole("button", { name: "Show all again" }).waitFor();
  // Hours have no closer look.
  await days.first().waitFor({ state: "detached" });
  await takePicture(page, "usage-zoomed-light");
  expect(await findBarriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Show all again" }).click();
  await days.first().waitFor();
  expect(await days.count()).toBe(byDay);
  // The same with the pointer, across the chart.
  const chart = page.getByRole("img", { name: /^Usage from/ });
  const box = (await chart.boundingBox())!;
  await page.mouse.move(box.x + box.width - 60, box.y + 100);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 5, box.y + 100, { steps: 4 });
  await page.mouse.up();
  await page.getByRole("button", { name: "Show all again" }).waitFor();
  expect(problems).toEqual([]);
  await context.close();
});
