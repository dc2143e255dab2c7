import { Secret, TOTP } from "otpauth";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { passwordLink } from "../../src/sign-in/links.ts";
import { addUser } from "../../src/tenancy/manage-users.ts";
import { SYSTEM } from "../../src/tenancy/tenancy-deps.ts";
import { startOpenIdProvider } from "../support/start-openid-provider.ts";
import { findBarriers, OWNER, startConsole, takePicture, type ConsoleUnderTest } from "./start-console.ts";

let ours: ConsoleUnderTest;

beforeAll(async () => {
  ours = await startConsole();
  await (await ours.openAsOwner()).context.close();
});
afterAll(() => ours[Symbol.asyncDispose]());

async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}
const newPerson = (email: string, name: string) =>
  addUser(ours.platform.keys, { ...SYSTEM, organizationId: ours.platform.organizationId }, { email, name, role: "developer" });

test("who lost the password sets a new one with the link, which works once", async () => {
  const { platform, address } = ours;
  const person = await newPerson("grace@example.com", "Grace Hopper");
  const link = passwordLink(platform.url, await platform.accounts.signIn.createPasswordLink(person.id));
  const { page, context, problems } = await ours.open();
  await page.goto(link);
  await page.getByRole("heading", { name: "Set a new password" }).waitFor();
  expect(page.url()).toBe(`${address}/password`);
  expect(await findBarriers(page)).toEqual([]);
  await page.getByLabel("Password").fill("short");
  expect(await page.getByRole("button", { name: "Set the password" }).isDisabled()).toBe(true);
  await page.getByLabel("Password").fill("a nanosecond of wire");
  await page.getByRole("button", { name: "Set the password" }).click();
  await page.getByRole("heading", { name: "Welcome, Grace" }).waitFor();
  await page.goto(link);
  await page.getByLabel("Password").fill("another one of mine");
  await page.getByRole("button", { name: "Set the password" }).click();
  await page.getByRole("alert").getByText("This link has been used, or is too old.").waitFor();
  expect(problems).toEqual([]);
  await context.close();
});

test(
  "a second factor is turned on, asked for at sign-in, and a recovery code stands in for it once",
  { timeout: 180_000 },
  async () => {
    const { platform, address } = ours;
    const person = await newPerson("alan@example.com", "Alan Turing");
    const { page, context, problems } = await ours.open();
    await page.goto(passwordLink(platform.url, await platform.accounts.signIn.createPasswordLink(person.id)));
    await page.getByLabel("Password").fill("an imitation game");
    await page.getByRole("button", { name: "Set the password" }).click();
    await page.getByRole("heading", { name: "Welcome, Alan" }).waitFor();
    await page.goto(`${address}/account`);
    await page.getByRole("button", { name: "Turn it on" }).click();
    const secret = (await page.getByRole("region", { name: "Secret for your authenticator app" }).textContent()) ?? "";
    await takePicture(page, "second-factor-light");
    expect(await findBarriers(page)).toEqual([]);
    const app = new TOTP({ secret: Secret.fromBase32(secret) });
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Code of your authenticator app").fill("000000");
    await dialog.getByRole("button", { name: "Turn it on" }).click();
    await dialog.getByRole("alert").waitFor();
    await dialog.getByLabel("Code of your authenticator app").fill(app.generate());
    await dialog.getByRole("button", { name: "Turn it on" }).click();
    const codes = ((await page.getByRole("region", { name: "Recovery codes" }).textContent()) ?? "").split("\n");
    await page.getByRole("button", { name: "I have kept them" }).click();
    await page.getByText("Each sign-in asks for a code").waitFor();

    await page.getByRole("button", { name: /Alan Turing/ }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to Parley" }).waitFor();
    await signIn(page, "alan@example.com", "an imitation game");
    await page.getByLabel("Code of your authenticator app").waitFor();
    await takePicture(page, "sign-in-code-light");
    expect(await findBarriers(page)).toEqual([]);
    // Each code works once, so the next one: clocks may differ by one step.
    await page.getByLabel("Code of your authenticator app").fill(app.generate({ timestamp: Date.now() + 30_000 }));
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("heading", { name: "Welcome, Alan" }).waitFor();

    for (const outcome of ["in", "refused"] as const) {
      await context.clearCookies();
      await page.goto(`${address}/sign-in`);
      await signIn(page, "alan@example.com", "an imitation game");
      await page.getByLabel("Code of your authenticator app").fill(codes[0] ?? "");
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      if (outcome === "in") await page.getByRole("heading", { name: "Welcome, Alan" }).waitFor();
      else await page.getByRole("alert").waitFor();
    }
    expect(problems).toEqual([]);
    await context.close();
  },
);

test("a page left open asks for the password again before it makes a key, and a wrong one makes none", async () => {
  const { page, context, problems } = await ours.openAsOwner();
  await page.goto(`${ours.address}/api-keys`);
  await ours.platform.storage.run({ operation: "age the sessions", repeatable: true }, (database) =>
    database.execute("update sessions set authenticated_at = authenticated_at - interval '16 minutes'"),
  );
  await page.getByRole("button", { name: "Create key" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill("after lunch");
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  const again = page.getByRole("dialog", { name: "Confirm that it is you" });
  await again.waitFor();
  await takePicture(page, "reauthentication-light");
  expect(await findBarriers(page)).toEqual([]);
  await again.getByLabel("Password").fill("not my password");
  await again.getByRole("button", { name: "Confirm" }).click();
  await again.getByRole("alert").waitFor();
  await again.getByLabel("Password").fill(OWNER.password);
  await again.getByRole("button", { name: "Confirm" }).click();
  // What was begun goes on by itself.
  await page.getByText("Copy your key now").waitFor();
  await page.getByRole("button", { name: "I have copied it" }).click();
  await page.getByText("after lunch").waitFor();
  expect(problems).toEqual([]);
  await context.close();
});

test("somebody sees where they are signed in and ends it there, and an administrator signs a member out", async () => {
  const { platform, address } = ours;
  const person = await newPerson("barbara@example.com", "Barbara Liskov");
  const here = await ours.open();
  await here.page.goto(passwordLink(platform.url, await platform.accounts.signIn.createPasswordLink(person.id)));
  await here.page.getByLabel("Password").fill("a substitution principle");
  await here.page.getByRole("button", { name: "Set the password" }).click();
  await here.page.getByRole("heading", { name: "Welcome, Barbara" }).waitFor();
  const there = await ours.open();
  await there.page.goto(`${address}/sign-in`);
  await signIn(there.page, "barbara@example.com", "a substitution principle");
  await there.page.getByRole("heading", { name: "Welcome, Barbara" }).waitFor();

  await here.page.goto(`${address}/account`);
  const sessions = here.page.getByRole("region", { name: "Where you are signed in" });
  await sessions.getByText("Chrome on Linux").nth(1).waitFor();
  expect(await sessions.getByText("This one").count()).toBe(1);
  await sessions.scrollIntoViewIfNeeded();
  await takePicture(here.page, "account-sessions-light");
  expect(await findBarriers(here.page)).toEqual([]);
  await sessions.getByRole("button", { name: "End Chrome on Linux" }).click();
  await here.page.getByText("Session ended").waitFor();
  await there.page.reload();
  await there.page.getByRole("heading", { name: "Sign in to Parley" }).waitFor();

  const owner = await ours.openAsOwner();
  await owner.page.goto(`${address}/members`);
  await owner.page.getByRole("button", { name: "Actions for Barbara Liskov" }).click();
  await owner.page.getByRole("menuitem", { name: "Sign out everywhere" }).click();
  await owner.page.getByText("Barbara Liskov is signed out everywhere").waitFor();
  await here.page.reload();
  await here.page.getByRole("heading", { name: "Sign in to Parley" }).waitFor();
  expect([...here.problems, ...there.problems, ...owner.problems]).toEqual([]);
  await Promise.all([here, there, owner].map(({ context }) => context.close()));
});

test("who looks after the money sees usage, costs and billing, and nothing that is others'", async () => {
  const { platform } = ours;
  const act = { ...SYSTEM, organizationId: platform.organizationId };
  const person = await addUser(platform.keys, act, { email: "luca@example.com", name: "Luca Pacioli", role: "billing" });
  const { page, context, problems } = await ours.open();
  await page.goto(passwordLink(platform.url, await platform.accounts.signIn.createPasswordLink(person.id)));
  await page.getByLabel("Password").fill("double entry always");
  await page.getByRole("button", { name: "Set the password" }).click();
  await page.getByRole("heading", { name: "Welcome, Luca" }).waitFor();
  const links = page.getByRole("navigation").getByRole("link");
  expect(await links.allTextContents()).toEqual(["Start", "Models", "Usage", "Cost", "Limits", "Billing"]);
  for (const [name, sight] of [
    ["Usage", "Nothing in this time"],
    ["Cost", "Nothing in this time"],
    ["Billing", "Spend alerts"],
    ["Models", "Families"],
  ] as const) {
    await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
    await page.getByRole("heading", { name: sight }).waitFor();
    await page.waitForLoadState("networkidle");
    expect(await page.getByRole("alert").count()).toBe(0);
    if (name === "Billing") await takePicture(page, "billing-role-light");
  }
  expect(problems).toEqual([]);
  await context.close();
});

test("somebody comes in through the organization's provider", async () => {
  // The provider has to know the way back before the server has a port.
  const hostName = "parley.localhost";
  await using provider = await startOpenIdProvider(`http://${hostName}/console/api/openid/callback`);
  await using theirs = await startConsole({ openId: provider, hostName, otherOrigins: [provider.issuer] });
  const { signIn: people } = theirs.platform.accounts;
  const secret = (await people.createOwnerLink()) ?? "";
  await people.becomeOwner(secret, OWNER, { networkAddress: "127.0.0.1", userAgent: null, requestId: null });
  provider.accounts.set("ada", { email: OWNER.email, emailVerified: true, name: OWNER.name });
  const { page, context, problems } = await theirs.open();
  // The provider's page would fetch a font.
  await context.route("https://**", (route) => route.abort());
  await page.goto(`${theirs.address}/sign-in`);
  await page.getByRole("link", { name: "Continue with single sign-on" }).click();
  await page.getByPlaceholder(/login/i).fill("ada");
  await page.getByPlaceholder(/password/i).fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("heading", { name: "Welcome, Ada" }).waitFor();
  expect(page.url()).toBe(`${theirs.address}/`);
  expect(problems).toEqual([]);
  await context.close();
});
