import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { end, pause, scripted, start, textBlock, type Script } from "../../src/doors/testing/scripted-engine.ts";
import { until } from "../../src/doors/testing/start-test-server.ts";
import type { Turn } from "../../src/turn/turn.ts";
import {
  findBarriers,
  isWithinWidth,
  OWNER,
  startConsole,
  takePicture,
  type ConsoleUnderTest,
  type Tab,
} from "./start-console.ts";

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
beforeEach(openWorkbench);

async function openWorkbench(): Promise<void> {
  await page.goto(`${ours.address}/workbench`);
  await page.getByText("Try a prompt").waitFor();
}
async function ask(message: string): Promise<void> {
  await page.getByLabel("Your message").fill(message);
  await page.getByRole("button", { name: "Send" }).click();
}
const log = (name = "Conversation") => page.getByRole("log", { name });
const lastTurn = () => JSON.stringify(ours.platform.engine.turns.at(-1));
/** Answers with what it was asked last. */
const echo: Script = async function* (turn: Turn) {
  const said = JSON.stringify(turn.messages.at(-1)).match(/"text":"([^"]*)"/)?.[1] ?? "";
  yield* [start, ...textBlock(0, `${turn.weights} heard: ${said}`), end()];
};

test("two models are asked at once, each with its own settings, and compared side by side", async () => {
  const { engine } = ours.platform;
  engine.play(echo);
  await ask("First");
  await log().getByText("tiny heard: First").waitFor();
  await page.getByRole("button", { name: "Compare" }).click();
  await page.getByLabel("Model", { exact: true }).selectOption("claude-haiku-4-5-20251001");
  await page.getByLabel("System prompt", { exact: true }).fill("Speak like a pirate.");
  const before = engine.turns.length;
  await ask("Second");
  await log("Conversation A").getByText("tiny heard: Second").waitFor();
  await log("Conversation B").getByText("tiny heard: Second").waitFor();
  // The other side went on from where the first stood.
  expect(await log("Conversation B").getByText("tiny heard: First").count()).toBe(1);
  const asked = engine.turns.slice(before).map((turn) => JSON.stringify(turn));
  expect([asked.length, asked.filter((turn) => turn.includes("pirate")).length]).toEqual([2, 1]);
  expect(await findBarriers(page)).toEqual([]);
  await takePicture(page, "workbench-compare-light");
  await page.getByRole("button", { name: "End comparing" }).click();
  expect(await log().count()).toBe(1);
  expect(tab.problems).toEqual([]);
});

test("files go with a message: a text reaches the model, a picture that it cannot see is refused in the API's words", async () => {
  ours.platform.engine.play(echo);
  const picker = page.getByLabel("Add pictures and files", { exact: true }).and(page.locator("input"));
  await picker.setInputFiles({ name: "notes.md", mimeType: "text/markdown", buffer: Buffer.from("The password is swordfish.") });
  await page.getByRole("list", { name: "Attachments" }).getByText("notes.md").waitFor();
  await ask("Read it");
  await log().getByText("heard").waitFor();
  expect(lastTurn()).toContain("The password is swordfish.");

  const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  await page.getByRole("button", { name: "New conversation" }).click();
  await picker.setInputFiles([
    { name: "dot.png", mimeType: "image/png", buffer: Buffer.from(pixel, "base64") },
    { name: "program.bin", mimeType: "application/octet-stream", buffer: Buffer.from([0, 255, 0, 254]) },
  ]);
  await page.getByText("program.bin is no picture, PDF or text.").waitFor();
  await takePicture(page, "workbench-attachments-light");
  await ask("What is this?");
  await page.getByRole("alert").getByText("this model does not support image input").waitFor();
  expect(tab.problems).toEqual([]);
});

test("a reply shows the words of a document that it cites, and where they are from", async () => {
  const { engine } = ours.platform;
  engine.play(
    scripted([
      start,
      { type: "block-start", index: 0, block: { type: "text", cited: true } },
      { type: "text-delta", index: 0, text: "It is swordfish." },
      {
        type: "citation",
        index: 0,
        citation: {
          type: "char_location",
          citedText: "The password is swordfish.",
          documentIndex: 0,
          documentTitle: "notes.md",
          fileId: null,
          start: 0,
          end: 26,
        },
      },
      { type: "block-stop", index: 0 },
      end(),
    ]),
  );
  await page.getByLabel("Cite documents").check();
  const picker = page.getByLabel("Add pictures and files", { exact: true }).and(page.locator("input"));
  await picker.setInputFiles({ name: "notes.md", mimeType: "text/markdown", buffer: Buffer.from("The password is swordfish.") });
  await ask("What is the password?");
  const cited = log().getByRole("list", { name: "Cited" });
  await cited.getByText("The password is swordfish.").waitFor();
  await cited.getByText("notes.md").waitFor();
  expect(lastTurn()).toContain('"unit":"char');
  await takePicture(page, "workbench-citations-light");
  expect(await findBarriers(page)).toEqual([]);
  expect(tab.problems).toEqual([]);
});

test("tools and schemas are checked while they are written, and what is sent has the schema and the caching marks", async () => {
  const { engine } = ours.platform;
  engine.play(scripted([start, ...textBlock(0, '{"sentiment": "good"}'), end()]));
  const tools = page.getByLabel("Tools", { exact: true });
  await tools.fill('[{"name": "bad name", "input_schema": {"type": "object"}}]');
  await page.getByText("tools.0.custom.name: String should match pattern").waitFor();
  await tools.fill('[{"name": ');
  await page.getByText("This is not JSON").waitFor();
  await page.getByLabel("Your message").fill("Hi");
  expect(await page.getByRole("button", { name: "Send" }).isDisabled()).toBe(true);
  await tools.fill("");
  await page.getByLabel("System prompt", { exact: true }).fill("Judge.");
  await page.getByRole("button", { name: "Insert an example into Structured reply" }).click();
  await page.getByLabel("The system prompt").check();
  await page.getByLabel("Kept for").selectOption("1 hour");
  await takePicture(page, "workbench-settings-light");
  await page.getByRole("button", { name: "Get code" }).click();
  const code = (await page.getByRole("dialog").getByRole("region", { name: "TypeScript" }).textContent()) ?? "";
  expect(code).toContain('cache_control: {\n        type: "ephemeral",\n        ttl: "1h"');
  expect(code).toContain("output_config: {");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Send" }).click();
  await log().getByText("sentiment").waitFor();
  expect(lastTurn()).toContain('"enum":["good","bad"]');
  expect(lastTurn()).toContain('"1h"');
});

test("a prompt with variables is saved, changed and saved again, and every version is there after a reload", async () => {
  const { engine } = ours.platform;
  engine.play(echo);
  await page.getByLabel("System prompt", { exact: true }).fill("You speak {{language}}.");
  await page.getByLabel("Your message").fill("What is a {{thing}}?");
  await page.getByLabel("language").fill("Latin");
  await page.getByLabel("thing").fill("hash map");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByLabel("Name", { exact: true }).fill("Explain a thing");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Explain a thing" }).waitFor();
  await page.getByRole("button", { name: "Send" }).click();
  await log().getByText("tiny heard: What is a hash map?").waitFor();
  expect(lastTurn()).toContain("You speak Latin.");

  await page.getByLabel("Your message").fill("Explain a {{thing}}, shortly.");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Saved as a new version").waitFor();
  await openWorkbench();
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await takePicture(page, "workbench-prompts-light");
  expect(await findBarriers(page)).toEqual([]);
  await page.getByRole("button", { name: /^Explain a thing/ }).click();
  await page.getByRole("heading", { name: "Explain a thing" }).waitFor();
  expect(await page.getByLabel("Your message").inputValue()).toBe("Explain a {{thing}}, shortly.");
  await page.getByLabel("Version").selectOption({ index: 1 });
  // An older version is fetched when it is chosen.
  await expect.poll(() => page.getByLabel("Your message").inputValue()).toBe("What is a {{thing}}?");
  expect(await page.getByLabel("System prompt", { exact: true }).inputValue()).toBe("You speak {{language}}.");
  expect(tab.problems).toEqual([]);
});

test("a prompt is run over a table of cases, the replies are rated, and both are kept with the prompt", async () => {
  ours.platform.engine.play(echo);
  await page.getByLabel("Your message").fill("Translate {{word}}");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByLabel("Name", { exact: true }).fill("Translate");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Translate" }).waitFor();
  await page.getByRole("button", { name: "Evaluate" }).click();
  for (const [index, word] of ["cat", "dog", "bird"].entries()) {
    await page.getByRole("button", { name: "Add a case" }).click();
    await page
      .getByRole("listitem", { name: `Case ${index + 1}` })
      .getByLabel("word")
      .fill(word);
  }
  await page.getByRole("button", { name: "Run all" }).click();
  for (const [index, word] of ["cat", "dog", "bird"].entries()) {
    await page
      .getByRole("region", { name: `Reply of case ${index + 1}` })
      .getByText(`tiny heard: Translate ${word}`)
      .waitFor();
  }
  await page.getByRole("group", { name: "Rating of case 1" }).getByRole("button", { name: "5 stars" }).click();
  await page.getByRole("group", { name: "Rating of case 2" }).getByRole("button", { name: "2 stars" }).click();
  await page.getByText("2 rated, 3.5 on average").waitFor();
  await takePicture(page, "workbench-evaluate-light");
  expect(await findBarriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Save the cases" }).click();
  await page.getByText("Cases saved").waitFor();

  await openWorkbench();
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.getByRole("button", { name: /^Translate/ }).click();
  await page.getByRole("button", { name: "Evaluate" }).click();
  await page.getByText("2 rated, 3.5 on average").waitFor();
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.getByRole("button", { name: "Delete Translate" }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("button", { name: "Delete Translate" }).waitFor({ state: "detached" });
  // The list may have changed before the question was closed, which Escape would close then.
  await page.getByRole("button", { name: "Delete", exact: true }).waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { name: "Not saved yet" }).waitFor();
  expect(await page.getByRole("listitem", { name: "Case 3" }).getByLabel("word").inputValue()).toBe("bird");
  expect(tab.problems).toEqual([]);
});

test("a page that is loaded again during a reply stops the engine, has what came, and goes on; signing out ends it", async () => {
  const { engine } = ours.platform;
  // In a session of its own, which it ends.
  const { page, context, problems } = await ours.open();
  const log = page.getByRole("log", { name: "Conversation" });
  async function ask(message: string): Promise<void> {
    await page.getByLabel("Your message").fill(message);
    await page.getByRole("button", { name: "Send" }).click();
  }
  await page.goto(`${ours.address}/workbench`);
  await page.getByLabel("E-mail address").fill(OWNER.email);
  await page.getByLabel("Password").fill(OWNER.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByLabel("System prompt", { exact: true }).fill("Be brief.");
  const stoppedBefore = engine.stopped();
  engine.play(async function* (_turn, signal) {
    yield* [start, { type: "block-start", index: 0, block: { type: "text" } }, { type: "text-delta", index: 0, text: "On and" }];
    await pause(60_000, signal);
  });
  await ask("Go on");
  await log.getByText("On and").waitFor();
  await page.reload();
  await until(() => engine.stopped() > stoppedBefore);
  await log.getByText("On and").waitFor();
  await log.getByText("Stopped").waitFor();
  engine.play(echo);
  await ask("Still there?");
  await log.getByText("tiny heard: Still there?").waitFor();
  expect([lastTurn().includes("On and"), lastTurn().includes("Be brief.")]).toEqual([true, true]);
  // The same behind another page.
  await page.getByRole("link", { name: "Models" }).click();
  await page.getByRole("heading", { name: "Models", level: 1 }).waitFor();
  await page.getByRole("link", { name: "Workbench" }).click();
  await log.getByText("tiny heard: Still there?").waitFor();
  expect(await page.getByLabel("System prompt", { exact: true }).inputValue()).toBe("Be brief.");

  await page.getByRole("button", { name: /Ada Lovelace/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in to Parley" }).waitFor();
  expect(await page.evaluate("sessionStorage.getItem('parley.workbench')")).toBeNull();
  expect(problems).toEqual([]);
  await context.close();
});

test("on a phone the two sides stand one above the other, and the settings open beside", async () => {
  const phone = await ours.openAsOwner({ isPhone: true, isDark: true });
  ours.platform.engine.play(echo);
  await phone.page.goto(`${ours.address}/workbench`);
  await phone.page.getByText("Try a prompt").waitFor();
  await phone.page.getByRole("button", { name: "Compare" }).click();
  await phone.page.getByLabel("Your message").fill("Hello to both");
  await phone.page.getByRole("button", { name: "Send" }).click();
  await phone.page.getByRole("log", { name: "Conversation B" }).getByText("tiny heard: Hello to both").waitFor();
  await takePicture(phone.page, "workbench-compare-dark-phone");
  await phone.page.getByRole("button", { name: "Settings" }).click();
  await phone.page.getByRole("dialog").getByLabel("Structured reply", { exact: true }).scrollIntoViewIfNeeded();
  await takePicture(phone.page, "workbench-settings-dark-phone");
  expect(await findBarriers(phone.page)).toEqual([]);
  expect(await isWithinWidth(phone.page)).toBe(true);
  await phone.context.close();
});
