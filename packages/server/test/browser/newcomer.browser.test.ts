import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { end, scripted, start, textBlock } from "../../src/doors/testing/scripted-engine.ts";
import { ownerLink } from "../../src/sign-in/links.ts";
import { runClaudeCode } from "../support/run-claude-code.ts";
import { becomeOwnerWithKey } from "./newcomer-steps.ts";
import { readClipboard, startConsole, takePicture, type ConsoleUnderTest } from "./start-console.ts";

let ours: ConsoleUnderTest;

beforeAll(async () => {
  ours = await startConsole();
});
afterAll(() => ours[Symbol.asyncDispose]());

// Claude Code takes its time to start on a busy machine.
const MINUTES = { timeout: 180_000 };

test(
  "a newcomer comes from the owner's link to replies and a key that works in Claude Code with the mouse",
  MINUTES,
  async () => {
    const { platform, address } = ours;
    platform.engine.play(scripted([start, ...textBlock(0, "Hello, ", "hola, ", "bonjour!"), end()]));
    const secret = await platform.accounts.signIn.createOwnerLink();
    const { page, context, problems } = await ours.open();

    const key = await becomeOwnerWithKey(page, ownerLink(platform.url, secret ?? ""));
    expect(page.url()).toBe(`${address}/`);

    const shown = page.getByRole("region", { name: "Lines for Claude Code" });
    expect(await shown.textContent()).toContain(`ANTHROPIC_BASE_URL=${platform.url}`);
    // Not for the eyes of who stands behind; copied it is whole.
    expect(await shown.textContent()).not.toContain(key);
    await page.getByRole("tabpanel").getByRole("button", { name: "Copy" }).click();
    await page.getByRole("status").filter({ hasText: "Copied" }).waitFor();
    expect(await readClipboard(page)).toContain(`ANTHROPIC_AUTH_TOKEN=${key}`);

    const copied = await readClipboard(page);

    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("Hello, hola, bonjour!").waitFor();
    await takePicture(page, "start-done-light");
    await page.getByRole("link", { name: "Go on in the Workbench" }).click();
    await page.getByRole("heading", { name: "Workbench" }).waitFor();
    await page.getByRole("button", { name: /^Explain how a hash map works/ }).click();
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("log", { name: "Conversation" }).getByText("Hello, hola, bonjour!").waitFor();
    expect(problems).toEqual([]);
    await context.close();

    // The lines as they were copied, for the real client.
    const lines = [...copied.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value] as const);
    const folder = await mkdtemp(join(tmpdir(), "parley-newcomer-"));
    const said = await runClaudeCode({ model: "sonnet", env: Object.fromEntries(lines) }, folder, ["--print", "Say hello"]);
    expect(said.map(({ text }) => text)).toContain("Hello, hola, bonjour!");
    await rm(folder, { recursive: true, force: true });
  },
);

test("nothing that is secret stays in the browser's storage, and the session's cookie is out of scripts' reach", async () => {
  const { page, context } = await ours.openAsOwner();
  await page.goto(`${ours.address}/api-keys`);
  await page.getByText("claude-code on my laptop").waitFor();
  expect(
    await page.evaluate("[document.cookie, JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })]"),
  ).toEqual(["", "{}", expect.not.stringContaining("sk-ant")]);
  await context.close();
});

test("a used link leads nowhere, and says what to do", async () => {
  const { page, context, problems } = await ours.open();
  await page.goto(`${ours.address}/owner#not-the-secret`);
  await page.getByLabel("Your name").fill("Eve");
  await page.getByLabel("E-mail address").fill("eve@example.com");
  await page.getByLabel("Password").fill("an evil password");
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.getByRole("alert").getByText("This link has been used, or is too old. Ask for a new one.").waitFor();
  expect(await page.getByRole("alert").textContent()).toMatch(/Request id.*req_/);
  await page.goto(`${ours.address}/invite`);
  await page.getByText("This link is not complete").waitFor();
  expect(problems).toEqual([]);
  await context.close();
});
