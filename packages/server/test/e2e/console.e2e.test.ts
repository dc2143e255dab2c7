import Anthropic from "@anthropic-ai/sdk";
import { chromium } from "playwright-core";
import { expect, test } from "vitest";
import { becomeOwnerWithKey } from "../browser/newcomer-steps.ts";
import { findChromium, takePicture } from "../browser/start-console.ts";
import { SMALL, startParley } from "../support/start-parley.ts";

test("a newcomer goes from the printed link to replies of the embedded engine and a working key with the mouse", async () => {
  await using parley = await startParley({ model: SMALL, env: { PARLEY_ENGINE: "node-llama-cpp" } });
  await using browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox", "--disable-gpu"] });
  const context = await browser.newContext({
    permissions: ["clipboard-read", "clipboard-write"],
    viewport: { width: 1440, height: 900 },
  });
  const page = await context.newPage();
  const key = await becomeOwnerWithKey(page, parley.consoleUrl ?? "");

  // The first reply loads the model.
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("link", { name: "Go on in the Workbench" }).click({ timeout: 240_000 });
  await page.getByRole("heading", { name: "Workbench" }).waitFor();
  await page.getByRole("button", { name: /^Explain how a hash map works/ }).click();
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("button", { name: "Copy the reply" }).waitFor({ timeout: 240_000 });
  const log = page.getByRole("log", { name: "Conversation" });
  await log.getByText(/Output \d+/).waitFor();
  expect(((await log.getByRole("region", { name: "Assistant" }).textContent()) ?? "").length).toBeGreaterThan(20);
  await takePicture(page, "workbench-real-light");
  // Stopped while it writes, and loaded again: what came is there, and the engine has a place for the next.
  await page.getByLabel("Your message").fill("Write a long story about a lighthouse and the sea.");
  await page.getByRole("button", { name: "Send" }).click();
  await log
    .getByRole("region", { name: "Assistant" })
    .nth(1)
    .getByText(/^First token/)
    .waitFor({ timeout: 240_000 });
  await page.getByRole("button", { name: "Stop" }).click();
  await log.getByText("Stopped").waitFor();
  await page.reload();
  await log.getByText("Stopped").waitFor();

  await page.getByRole("link", { name: "Models" }).click();
  await page.getByText("Loaded", { exact: true }).waitFor();
  await page.getByText("node-llama-cpp").waitFor();
  await takePicture(page, "models-real-light");

  const reply = await new Anthropic({ apiKey: key, baseURL: parley.url }).messages.create({
    model: "claude-haiku-4-5",
    max_tokens: 8,
    messages: [{ role: "user", content: "Hi" }],
  });
  expect(reply.usage.output_tokens).toBeGreaterThan(0);
});
