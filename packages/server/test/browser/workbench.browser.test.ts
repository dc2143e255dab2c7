import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { end, pause, scripted, start, textBlock, thinkingBlock, toolBlock } from "../../src/doors/testing/scripted-engine.ts";
import { until } from "../../src/doors/testing/start-test-server.ts";
import { fail } from "../../src/platform/fail.ts";
import { isWithinWidth, startConsole, takePicture, type ConsoleUnderTest, type Tab } from "./start-console.ts";

let ours: ConsoleUnderTest;
let tab: Tab;
let page: Page;

beforeAll(async () => {
  ours = await startConsole();
  tab = await ours.openAsOwner();
  page = tab.page;
  // The Workbench is as it was left; each test begins with an empty one.
  await page.addInitScript("sessionStorage.clear()");
});
afterAll(() => ours[Symbol.asyncDispose]());
beforeEach(async () => {
  await page.goto(`${ours.address}/workbench`);
  await page.getByText("Try a prompt").waitFor();
});

async function ask(message: string): Promise<void> {
  await page.getByLabel("Your message").fill(message);
  await page.getByRole("button", { name: "Send" }).click();
}

const log = () => page.getByRole("log", { name: "Conversation" });

test("a reply is seen while it comes: thinking, text, figures", async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  ours.platform.engine.play(async function* () {
    yield start;
    yield* thinkingBlock(0, "sig", "First I ", "think.");
    yield { type: "block-start", index: 1, block: { type: "text" } };
    yield { type: "text-delta", index: 1, text: "Half of " };
    await gate;
    yield { type: "text-delta", index: 1, text: "the **answer**." };
    yield { type: "block-stop", index: 1 };
    yield end();
  });
  await ask("Think");
  await log().getByText("First I think.").waitFor();
  await log().getByText("Half of").waitFor();
  expect(await page.getByRole("button", { name: "Stop" }).isVisible()).toBe(true);
  open();
  await log().getByText("Half of the answer.").waitFor();
  await log().getByText("Input 23 (7 cached)").waitFor();
  await log().getByText("Output 5").waitFor();
  expect(await log().locator("strong").textContent()).toBe("answer");
  expect(tab.problems).toEqual([]);
});

test("Stop stops the engine, keeps what came, and the conversation goes on", async () => {
  const { engine } = ours.platform;
  const stoppedBefore = engine.stopped();
  engine.play(async function* (_turn, signal) {
    yield start;
    yield { type: "block-start", index: 0, block: { type: "text" } };
    yield { type: "text-delta", index: 0, text: "It goes on and" };
    await pause(60_000, signal);
  });
  await ask("Go on");
  await log().getByText("It goes on and").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await log().getByText("Stopped").waitFor();
  await until(() => engine.stopped() > stoppedBefore);

  engine.play(scripted([start, ...textBlock(0, "Here I am."), end()]));
  await ask("And now?");
  await log().getByText("Here I am.").waitFor();
  const turn = engine.turns.at(-1);
  expect(JSON.stringify(turn)).toContain("It goes on and");
});

test("a new conversation ends the reply that is being written, and nothing of it comes back", async () => {
  const { engine } = ours.platform;
  const stoppedBefore = engine.stopped();
  engine.play(async function* (_turn, signal) {
    yield* [
      start,
      { type: "block-start", index: 0, block: { type: "text" } },
      { type: "text-delta", index: 0, text: "Not this" },
    ];
    await pause(60_000, signal);
  });
  await ask("Go on");
  await log().getByText("Not this").waitFor();
  await page.getByRole("button", { name: "New conversation" }).click();
  await until(() => engine.stopped() > stoppedBefore);
  engine.play(scripted([start, ...textBlock(0, "But this."), end()]));
  await ask("Something else");
  await log().getByText("But this.").waitFor();
  expect([await log().getByText("Not this").count(), JSON.stringify(engine.turns.at(-1)).includes("Not this")]).toEqual([
    0,
    false,
  ]);
});

test("a tool call is shown, answered, and the model goes on with the result", async () => {
  const { engine } = ours.platform;
  engine.play(scripted([start, ...toolBlock(0, "get_weather", '{"city": "Lis', 'bon"}'), end({ stopReason: "tool_use" })]));
  await page.getByRole("button", { name: "Insert an example into Tools" }).click();
  await ask("How is the weather in Lisbon?");
  await log().getByText("Calls get_weather").waitFor();
  await takePicture(page, "workbench-tool-light");
  engine.play(scripted([start, ...textBlock(0, "It is sunny."), end()]));
  await page.getByLabel("Result of get_weather").fill("sunny, 24 degrees");
  await page.getByRole("button", { name: "Send" }).click();
  await log().getByText("It is sunny.").waitFor();
  expect(JSON.stringify(engine.turns.at(-1))).toContain("sunny, 24 degrees");
});

test("the settings are what is sent", async () => {
  const { engine } = ours.platform;
  engine.play(scripted([start, ...textBlock(0, "Aye."), end()]));
  // The newest models take no temperature.
  await page.getByLabel("Model", { exact: true }).selectOption("claude-haiku-4-5-20251001");
  await page.getByLabel("System prompt", { exact: true }).fill("You are a pirate.");
  await page.getByLabel("Longest reply").fill("77");
  await page.getByLabel("Temperature").fill("0.3");
  await ask("Ahoy");
  await log().getByText("Aye.").waitFor();
  expect(JSON.stringify(engine.turns.at(-1))).toContain("You are a pirate.");
  expect(engine.turns.at(-1)).toMatchObject({ maxTokens: 77 });
  await page.getByRole("button", { name: "Get code" }).click();
  const code = await page.getByRole("dialog").getByRole("region", { name: "TypeScript" }).textContent();
  expect(code).toContain(`baseURL: "${ours.platform.url}"`);
  expect(code).toContain("temperature: 0.3");
  expect(code).not.toContain("sk-ant");
});

test("a failure in the middle keeps what came, names the request, and can be tried again", async () => {
  const { engine } = ours.platform;
  engine.play(async function* () {
    yield start;
    yield { type: "block-start", index: 0, block: { type: "text" } };
    yield { type: "text-delta", index: 0, text: "So far so" };
    throw fail("overloaded_error", { public: "The engine is busy." });
  });
  await ask("Try");
  await page.getByRole("alert").getByText("The engine is busy.").waitFor();
  expect(await page.getByRole("alert").textContent()).toMatch(/req_/);
  expect(await log().getByText("So far so").isVisible()).toBe(true);
  engine.play(scripted([start, ...textBlock(0, "Better now."), end()]));
  await page.getByRole("button", { name: "Try again" }).click();
  await log().getByText("Better now.").waitFor();
});

test("what a model writes runs nothing, loads nothing and breaks no page", async () => {
  const hostile = [
    "<script>window.hurt = 1</script>",
    "<img src=x onerror='window.hurt = 2'>",
    "<iframe srcdoc='<script>parent.hurt = 3</script>'></iframe>",
    "[press me](javascript:window.hurt=4)",
    "![picture](https://example.com/track.png)",
    "<a href='javascript:window.hurt=5'>press</a>",
    "[data](data:text/html,<script>window.hurt=6</script>)",
    "\u202Eright to left override\u202C",
    "שלום עולם",
    "```html\n</code></pre><script>window.hurt = 7</script>\n```",
    "| a | b |\n|---|---|\n| <svg onload=window.hurt=8> | x |",
    "&lt;b&gt; stays as it was written",
  ].join("\n\n");
  ours.platform.engine.play(scripted([start, ...textBlock(0, hostile, `\n\n${"x".repeat(200_000)}`), end()]));
  await ask("Be evil");
  await page.getByRole("button", { name: "Copy the reply" }).waitFor();
  expect(await log().locator("script, img, iframe, [onerror], [onload]").count()).toBe(0);
  expect(await log().locator("a").count()).toBe(0);
  expect(await log().textContent()).toContain("<script>window.hurt = 1</script>");
  expect([await page.evaluate("window.hurt"), await isWithinWidth(page)]).toEqual([undefined, true]);

  ours.platform.engine.play(scripted([start, ...textBlock(0, hostile), end()]));
  await page.getByRole("button", { name: "New conversation" }).click();
  await ask("Be evil, shortly");
  await page.getByRole("button", { name: "Copy the reply" }).waitFor();
  expect(await log().locator("script, img, iframe, [onerror], [onload]").count()).toBe(0);
  expect(await log().locator("a").count()).toBe(0);
  expect(await page.evaluate("window.hurt")).toBeUndefined();
  expect(tab.problems).toEqual([]);
});
