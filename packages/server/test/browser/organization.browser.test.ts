import { afterAll, beforeAll, expect, test } from "vitest";
import { addUser } from "../../src/tenancy/manage-users.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { findBarriers, OWNER, startConsole, type ConsoleUnderTest } from "./start-console.ts";

let ours: ConsoleUnderTest;
beforeAll(async () => {
  ours = await startConsole();
});
afterAll(() => ours[Symbol.asyncDispose]());

const act = () => ({ ...SYSTEM, organizationId: ours.platform.organizationId });

test("a workspace is made, renamed and archived, keys are filtered by it, and the audit log tells all of it", async () => {
  const { page, context, problems } = await ours.openAsOwner();
  await page.goto(`${ours.address}/workspaces`);
  await page.getByRole("button", { name: "Create workspace" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Reserch");
  await page.getByRole("dialog").getByRole("button", { name: "Create workspace" }).click();
  await page.getByText("Workspace created").waitFor();
  await page.getByRole("button", { name: "Actions for Reserch" }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Research");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Workspace renamed").waitFor();

  await page.getByRole("link", { name: "API keys" }).click();
  await page.getByRole("button", { name: "Create key" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill("of the research");
  await page.getByRole("dialog").getByLabel("Workspace").selectOption("Research");
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  await page.getByRole("button", { name: "I have copied it" }).click();
  await page.getByRole("row", { name: /of the research/ }).waitFor();
  await page.getByRole("row", { name: /^test/ }).waitFor();
  await page.getByLabel("Workspace", { exact: true }).selectOption("Research");
  await page.getByRole("row", { name: /^test/ }).waitFor({ state: "detached" });
  await page.getByRole("row", { name: /of the research/ }).waitFor();
  expect(await page.getByRole("row").count()).toBe(2);

  await page.getByRole("link", { name: "Workspaces" }).click();
  await page.getByRole("button", { name: "Actions for Research" }).click();
  await page.getByRole("menuitem", { name: "Archive" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Archive" }).click();
  await page.getByText("Workspace archived").waitFor();

  await page.getByRole("link", { name: "Audit log" }).click();
  const renamed = page.getByRole("row", { name: /workspace\.update/ }).first();
  await renamed.getByText(OWNER.name, { exact: true }).waitFor();
  await renamed.getByRole("button", { name: "Show" }).click();
  const dialog = page.getByRole("dialog");
  expect(await dialog.getByRole("region", { name: "Before" }).textContent()).toContain("Reserch");
  expect(await dialog.getByRole("region", { name: "After" }).textContent()).toContain("Research");
  expect(await dialog.textContent()).toMatch(/req_\w+/);
  expect(await findBarriers(page)).toEqual([]);
  expect(problems).toEqual([]);
  await context.close();
});

test("a member gets another role and is removed, and an invite is withdrawn", async () => {
  await addUser(ours.platform.keys, act(), { email: "grace@example.com", name: "Grace Hopper", role: "developer" });
  const { page, context, problems } = await ours.openAsOwner();
  await page.goto(`${ours.address}/members`);
  const grace = page.getByRole("row", { name: /Grace Hopper/ });
  await grace.getByRole("button", { name: "Actions for Grace Hopper" }).click();
  await page.getByRole("menuitemradio", { name: "Billing" }).click();
  await page.getByText("Role changed").waitFor();
  await grace.getByRole("cell", { name: "Billing" }).waitFor();

  await page.getByRole("button", { name: "Invite" }).click();
  await page.getByLabel("E-mail address").fill("alan@example.com");
  await page.getByRole("button", { name: "Create the invite" }).click();
  await page.getByRole("button", { name: "Done" }).click();
  const invite = page.getByRole("row", { name: /alan@example\.com/ });
  await invite.getByRole("button", { name: "Withdraw" }).click();
  await page.getByText("Invite withdrawn").waitFor();
  await invite.waitFor({ state: "detached" });

  await grace.getByRole("button", { name: "Actions for Grace Hopper" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("Member removed").waitFor();
  await grace.waitFor({ state: "detached" });
  expect(problems).toEqual([]);
  await context.close();
});

test("somebody changes their password, and signs in with it", async () => {
  const { page, context, problems } = await ours.openAsOwner();
  await page.goto(`${ours.address}/account`);
  await page.getByLabel("Current password").fill(OWNER.password);
  await page.getByLabel("New password").fill("staple horse correct");
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.getByText("Password changed").waitFor();
  await context.close();
  const again = await ours.open();
  await again.page.goto(`${ours.address}/sign-in`);
  await again.page.getByLabel("E-mail address").fill(OWNER.email);
  await again.page.getByLabel("Password").fill("staple horse correct");
  await again.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await again.page.getByRole("heading", { name: "Welcome, Ada" }).waitFor();
  expect([...problems, ...again.problems]).toEqual([]);
  await again.context.close();
});
