import { gzipSync } from "node:zlib";
import type { Page, Route } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { end, scripted, start, textBlock, thinkingBlock } from "../../src/doors/testing/scripted-engine.ts";
import { createKey } from "../../src/auth/manage-api-keys.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { findBarriers, inspectPage, OWNER, startConsole, takePicture, type ConsoleUnderTest } from "./start-console.ts";

let ours: ConsoleUnderTest;

beforeAll(async () => {
  ours = await startConsole();
  await (await ours.openAsOwner()).context.close();
});
afterAll(() => ours[Symbol.asyncDispose]());

const ANSWER = [
  "A **hash map** keeps pairs in an array of *buckets*.\n\n",
  "1. A hash function turns the key into a number.\n2. The number says which bucket to look into.\n\n",
  "| Operation | Average | Worst |\n|---|---|---|\n| `get` | O(1) | O(n) |\n\n",
  '```typescript\nconst ages = new Map<string, number>();\nages.set("Ada", 36);\n```',
];

async function chat(page: Page): Promise<void> {
  ours.platform.engine.play(
    scripted([start, ...thinkingBlock(0, "sig", "Three sentences, and a table helps."), ...textBlock(1, ...ANSWER), end()]),
  );
  await page.getByLabel("Your message").fill("Explain how a hash map works.");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("button", { name: "Copy the reply" }).waitFor();
}

interface PageCase {
  readonly name: string;
  readonly path: string;
  readonly heading: string;
  readonly act?: (page: Page) => Promise<void>;
}

const PAGES: readonly PageCase[] = [
  { name: "start", path: "/", heading: "Welcome, Ada" },
  { name: "workbench", path: "/workbench", heading: "Workbench", act: chat },
  { name: "models", path: "/models", heading: "Models" },
  { name: "batches-empty", path: "/batches", heading: "Batches" },
  { name: "files-empty", path: "/files", heading: "Files" },
  { name: "skills-first", path: "/skills", heading: "Skills" },
  { name: "usage", path: "/usage", heading: "Usage" },
  { name: "cost", path: "/cost", heading: "Cost" },
  { name: "requests-first", path: "/requests", heading: "Requests" },
  { name: "limits-first", path: "/limits", heading: "Limits" },
  { name: "billing-first", path: "/billing", heading: "Billing" },
  { name: "api-keys", path: "/api-keys", heading: "API keys" },
  { name: "workspaces", path: "/workspaces", heading: "Workspaces" },
  { name: "members", path: "/members", heading: "Members" },
  { name: "audit-log", path: "/audit-log", heading: "Audit log" },
  { name: "settings-first", path: "/settings", heading: "Settings" },
  { name: "account", path: "/account", heading: "Your account" },
];

for (const [look, options] of [
  ["desktop", {}],
  ["phone", { isDark: true, isPhone: true }],
] as const) {
  for (const { name, path, heading, act } of PAGES) {
    test(`the page ${name} (${look}) shows itself, light and dark, keeps nobody out, and asks no other host`, async () => {
      const { page, context, problems } = await ours.openAsOwner(options);
      await page.goto(`${ours.address}${path}`);
      await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
      await page.waitForLoadState("networkidle");
      await act?.(page);
      expect(await inspectPage(page, name)).toEqual([]);
      expect(await page.getByRole("alert").count()).toBe(0);
      expect(problems).toEqual([]);
      await context.close();
    });
  }
}

test("the sign-in page keeps nobody out, and a wrong password says so", async () => {
  const { page, context, problems } = await ours.open();
  await page.goto(`${ours.address}/usage`);
  await page.getByRole("heading", { name: "Sign in to Parley" }).waitFor();
  expect(await inspectPage(page, "sign-in")).toEqual([]);
  await page.getByLabel("E-mail address").fill(OWNER.email);
  await page.getByLabel("Password").fill("not my password");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("alert").getByText("The e-mail address or the password is wrong.").waitFor();
  await page.getByLabel("Password").fill(OWNER.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  // Back to where one wanted to go.
  await page.getByRole("heading", { name: "Usage", level: 1 }).waitFor();
  expect(problems).toEqual([]);
  await context.close();
});

test("everything is reached with the keyboard alone, through the command menu", async () => {
  const { page, context } = await ours.openAsOwner();
  await page.goto(`${ours.address}/`);
  await page.getByRole("heading", { name: "Welcome, Ada" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search" }).waitFor();
  const offered = await page.getByRole("option").allTextContents();
  const pages = await page.locator("nav a").allTextContents();
  expect([pages.length, pages.filter((name) => !offered.includes(name))]).toEqual([PAGES.length - 1, []]);
  expect(await inspectPage(page, "command-menu")).toEqual([]);
  await page.keyboard.type("mod");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Models", level: 1 }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search" }).waitFor();
  await page.keyboard.type("theme dark");
  await page.keyboard.press("Enter");
  expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("dark");
  await page.reload();
  await page.getByRole("heading", { name: "Models", level: 1 }).waitFor();
  expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("dark");
  await context.close();
});

test("on a phone the menu leads to every page, and closes behind one", async () => {
  const { page, context, problems } = await ours.openAsOwner({ isPhone: true });
  await page.goto(`${ours.address}/`);
  await page.getByRole("heading", { name: "Welcome, Ada" }).waitFor();
  for (const { name, path, heading } of PAGES) {
    if (name === "account") continue;
    await page.getByRole("button", { name: "Open the menu" }).click();
    await page.getByRole("navigation").locator(`a[href="/console${path}"]`).click();
    await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
    await page.getByRole("navigation").waitFor({ state: "detached" });
  }
  expect(problems).toEqual([]);
  await context.close();
});

test("a key is created, renamed, disabled and archived, and each is in force at once", async () => {
  const { page, context } = await ours.openAsOwner();
  await page.goto(`${ours.address}/api-keys`);
  await page.getByRole("button", { name: "Create key" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill("nightly");
  await page.getByLabel("Expires").selectOption("In 30 days");
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  const key = (await page.getByRole("region", { name: "Your new API key" }).textContent()) ?? "";
  await takePicture(page, "api-key-created-light");
  await page.getByRole("button", { name: "I have copied it" }).click();
  const statusOfKey = async () =>
    (await fetch(`${ours.platform.url}/v1/models`, { headers: { "x-api-key": key, "anthropic-version": "2023-06-01" } })).status;
  expect(await statusOfKey()).toBe(200);

  await page.getByRole("button", { name: "Actions for nightly" }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByLabel("Name", { exact: true }).fill("nightly evaluation");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Actions for nightly evaluation" }).click();
  await page.getByRole("menuitem", { name: "Disable" }).click();
  await page.getByText("Key disabled").waitFor();
  expect(await statusOfKey()).toBe(401);
  await page.getByRole("button", { name: "Actions for nightly evaluation" }).click();
  await page.getByRole("menuitem", { name: "Archive" }).click();
  await page.getByRole("button", { name: "Archive" }).click();
  await page.getByText("Key archived").waitFor();
  await page.getByRole("button", { name: "Actions for nightly evaluation" }).waitFor({ state: "detached" });
  await context.close();
});

test("a key says when it was used, gets a spend limit, and is rotated without a gap", async () => {
  const { page, context, problems } = await ours.openAsOwner();
  await page.goto(`${ours.address}/api-keys?create=true`);
  await page.getByLabel("Name", { exact: true }).fill("in production");
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  const key = page.getByRole("region", { name: "Your new API key" });
  const old = (await key.textContent()) ?? "";
  await page.getByRole("button", { name: "I have copied it" }).click();
  const statusOf = async (secret: string) =>
    (await fetch(`${ours.platform.url}/v1/models`, { headers: { "x-api-key": secret, "anthropic-version": "2023-06-01" } }))
      .status;
  const row = page.getByRole("row", { name: /in production/ });
  await row.getByText("Never").first().waitFor();
  const actions = row.getByRole("button", { name: "Actions for in production" });
  await actions.click();
  await page.getByRole("menuitem", { name: "Set a spend limit" }).click();
  await page.getByLabel("Limit in dollars").fill("12");
  await page.getByRole("button", { name: "Save" }).click();
  await row.getByText("$0.00 of $12.00 a month").waitFor();

  await actions.click();
  await page.getByRole("menuitem", { name: "Rotate" }).click();
  await page.getByLabel("The old key ends").selectOption("In an hour");
  await page.getByRole("dialog").getByRole("button", { name: "Rotate" }).click();
  const fresh = (await key.textContent()) ?? "";
  await page.getByRole("button", { name: "I have copied it" }).click();
  expect(fresh).not.toBe(old);
  expect([await statusOf(old), await statusOf(fresh)]).toEqual([200, 200]);
  await row.nth(1).waitFor();
  await takePicture(page, "api-keys-rotated-light");
  expect(await findBarriers(page)).toEqual([]);
  expect(problems).toEqual([]);
  await context.close();
});

test("an invited person joins with the link, and sees what a developer may see", async () => {
  const owner = await ours.openAsOwner();
  await owner.page.goto(`${ours.address}/members`);
  await owner.page.getByRole("button", { name: "Invite" }).click();
  await owner.page.getByLabel("E-mail address").fill("grace@example.com");
  await owner.page.getByRole("button", { name: "Create the invite" }).click();
  const link = (await owner.page.getByRole("region", { name: "Invite link" }).textContent()) ?? "";
  expect(link).toContain(`${ours.address}/invite#`);
  await owner.context.close();

  const { page, context, problems } = await ours.open({ isPhone: true });
  await page.goto(link);
  await page.getByLabel("Your name").fill("Grace Hopper");
  expect(await inspectPage(page, "invite")).toEqual([]);
  await page.getByLabel("Password").fill("a nanosecond of wire");
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByRole("heading", { name: "Welcome, Grace" }).waitFor();
  await page.getByRole("button", { name: "Open the menu" }).click();
  await page.getByRole("navigation").waitFor();
  expect(await page.getByRole("navigation").getByRole("link").allTextContents()).toEqual([
    "Start",
    "Workbench",
    "Models",
    "Batches",
    "Files",
    "Skills",
    "Limits",
  ]);
  await page.goto(`${ours.address}/nowhere`);
  await page.getByRole("heading", { name: "This page does not exist" }).waitFor();
  expect(await inspectPage(page, "not-found")).toEqual([]);
  expect(problems).toEqual([]);
  await context.close();
});

/** Holds what the page sends to `path` until it is let, and sends it on changed, so that the server refuses it in its own words. */
async function refuse(page: Page, path: string, change: NonNullable<Parameters<Route["continue"]>[0]>) {
  const asked = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  await page.route(path, async (route) => {
    if (route.request().method() === "GET") return route.fallback();
    asked.resolve();
    await gate.promise;
    await route.continue(change);
  });
  return { asked: asked.promise, letGo: gate.resolve };
}

test("a change is seen before the server has answered, and taken back with its reason when it refuses", async () => {
  const { url, apiKey, keys, workspaceId } = ours.platform;
  await createKey(keys, { name: "first name", workspaceId, expiresAtMs: null }, SYSTEM);
  const { page, context, problems } = await ours.openAsOwner();
  await page.goto(`${ours.address}/api-keys`);
  const rename = await refuse(page, "**/v1/organizations/api_keys/*", { postData: JSON.stringify({ name: "" }) });
  await page.getByRole("button", { name: "Actions for first name" }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByLabel("Name", { exact: true }).fill("second name");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: /second name/ }).waitFor();
  await rename.asked;
  rename.letGo();
  const alert = page.getByRole("alert");
  await alert.getByText(/^name: /).waitFor();
  expect(await alert.textContent()).toMatch(/Request id.*req_\w+/);
  await page.getByRole("row", { name: /first name/ }).waitFor();
  expect(await page.getByText("Key renamed").count()).toBe(0);
  expect(await inspectPage(page, "change-refused")).toEqual([]);
  await alert.getByRole("button", { name: "Close" }).click();
  await alert.waitFor({ state: "detached" });

  const form = new FormData();
  form.set("file", new File(["We agreed."], "minutes.txt", { type: "text/plain" }));
  await fetch(`${url}/v1/files`, {
    method: "POST",
    headers: { "x-api-key": apiKey, "anthropic-version": "2023-06-01" },
    body: form,
  });
  await page.goto(`${ours.address}/files`);
  const row = page.getByRole("row", { name: /minutes\.txt/ });
  await row.waitFor();
  const removal = await refuse(page, "**/v1/files/*", { url: `${url}/v1/files/file_of_nobody` });
  await page.getByRole("button", { name: "Actions for minutes.txt" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await row.waitFor({ state: "detached" });
  await removal.asked;
  removal.letGo();
  await alert.getByText(/file_of_nobody/).waitFor();
  expect(await alert.textContent()).toMatch(/Request id.*req_\w+/);
  await row.waitFor();
  expect(problems).toEqual([]);
  await context.close();
});

test("the first page comes with less than 200 kB, gzipped", async () => {
  const { page, context } = await ours.openAsOwner();
  let bytes = 0;
  const bodies: Promise<void>[] = [];
  page.on("response", (response) => {
    if (/\.(?:js|css)$|\/console\/$/.test(new URL(response.url()).pathname)) {
      bodies.push(response.body().then((body) => void (bytes += gzipSync(body, { level: 9 }).length)));
    }
  });
  await page.goto(`${ours.address}/`);
  await page.getByRole("heading", { name: "Welcome, Ada" }).waitFor();
  await page.waitForLoadState("networkidle");
  await Promise.all(bodies);
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(200_000);
  await context.close();
});
