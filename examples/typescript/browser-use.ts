// A browser that the model uses: Chromium by Playwright (npm install playwright-core). It reads pages as a list of what can be clicked
// and filled in, and stays on the host that it begins with. Run it with:
// npx node examples/typescript/browser-use.ts http://localhost:8000/ "Order two teas."
import Anthropic from "@anthropic-ai/sdk";
import { BetaAbstractBrowserToolset20260801, ToolError } from "@anthropic-ai/sdk/helpers/beta/toolsets";
import { chromium, type Locator, type Page } from "playwright-core";

const [address = "https://example.com/", task = "What is this page about?"] = process.argv.slice(2);

type Target =
  | { readonly type: "ref"; readonly ref: string }
  | { readonly type: "coordinate"; readonly x: number; readonly y: number };

// What can be used on a page; each element keeps its reference until the page is left.
const READ_PAGE = `(() => {
  const lines = [];
  let next = [...document.querySelectorAll("[data-ref]")].length;
  for (const each of document.querySelectorAll("h1, h2, h3, p, label, a[href], button, input, select, textarea")) {
    if (!each.checkVisibility()) continue;
    const role = each.matches("a") ? "link" : each.matches("h1, h2, h3") ? "heading" : each.matches("p, label") ? "text"
      : each.matches("button, [type=submit]") ? "button" : each.matches("[type=checkbox], [type=radio]") ? each.type : "field";
    const name = each.ariaLabel || each.labels?.[0]?.innerText || each.innerText || each.placeholder || each.value || each.name || "";
    const value = each.matches("input, select, textarea") && role !== "button" ? " = " + JSON.stringify(each.type === "checkbox" ? each.checked : each.value) : "";
    if (role !== "heading" && role !== "text") each.dataset.ref ??= "ref_" + ++next;
    lines.push(role + " " + JSON.stringify(name.trim().slice(0, 200)) + value + (each.dataset.ref ? " [" + each.dataset.ref + "]" : ""));
  }
  return lines.join("\\n");
})()`;

const browser = await chromium.launch({
  executablePath: process.env["CHROME_PATH"] ?? "/usr/bin/chromium",
  // Chromium's own sandbox does not run for root, as in most containers.
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});
const page = await browser.newPage({ viewport: { width: 1024, height: 768 } });
page.setDefaultTimeout(10_000);
await page.goto(address);
// Where a link leads is the browser's affair, not the policy's: requests to other hosts are stopped here.
const { host } = new URL(address);
await page.route(
  (url) => url.host !== host,
  (route) => route.abort(),
);

/** What is not overridden here is not offered to the model. */
class Browser extends BetaAbstractBrowserToolset20260801 {
  readonly #page: Page;

  constructor(tab: Page) {
    super({
      browserState: async () => ({ tabs: [{ tab_id: "tab_1", title: await tab.title(), url: tab.url(), active: true }] }),
      urlPolicy(_context, url) {
        const target = URL.parse(url.includes("://") ? url : `https://${url}`);
        if (target?.host !== host || !/^https?:$/.test(target.protocol))
          throw new ToolError(`Only pages of ${host} may be opened.`);
      },
    });
    this.#page = tab;
  }

  async #element(target: Target): Promise<Locator> {
    if (target.type !== "ref") throw new ToolError("Name an element by its reference.");
    const element = this.#page.locator(`[data-ref="${target.ref.replace(/[^\w]/g, "")}"]`);
    if ((await element.count()) === 0) throw new ToolError(`${target.ref} is not on this page. Read the page again.`);
    return element;
  }

  protected override async navigate(_: unknown, { url }: { readonly url: string }) {
    const go = { back: () => this.#page.goBack(), forward: () => this.#page.goForward(), reload: () => this.#page.reload() };
    const target = url.includes("://") ? url : `https://${url}`;
    const reply = url in go ? await go[url as keyof typeof go]() : await this.#page.goto(target);
    return { url: this.#page.url(), title: await this.#page.title(), status: reply?.status() };
  }

  protected override read_page() {
    return this.#page.evaluate<string>(READ_PAGE);
  }

  protected override async find(_: unknown, { query }: { readonly query: string }) {
    const words = query.toLowerCase().split(/\W+/).filter(Boolean);
    const lines = (await this.#page.evaluate<string>(READ_PAGE)).split("\n");
    const found = lines.filter((line) => words.some((word) => line.toLowerCase().includes(word)));
    return found.slice(0, 20).join("\n") || "Nothing was found. Read the page.";
  }

  protected override get_page_text() {
    return this.#page.evaluate<string>("document.body.innerText");
  }

  protected override async left_click(_: unknown, { target }: { readonly target: Target }) {
    if (target.type === "coordinate") await this.#page.mouse.click(target.x, target.y);
    else await (await this.#element(target)).click();
  }

  protected override async form_input(
    _: unknown,
    { target, value }: { readonly target: Target; readonly value: string | number | boolean },
  ) {
    const element = await this.#element(target);
    const kind = (await element.getAttribute("type")) ?? (await element.evaluate<string, unknown>("(each) => each.localName"));
    if (kind === "checkbox" || kind === "radio") await element.setChecked(value === true);
    else if (kind === "select") await element.selectOption(String(value));
    else await element.fill(String(value));
  }

  protected override async type_(_: unknown, { text }: { readonly text: string }) {
    await this.#page.keyboard.type(text);
  }

  protected override async key(_: unknown, { text }: { readonly text: string }) {
    for (const chord of text.split(" ")) await this.#page.keyboard.press(chord.replace(/^ctrl\b/i, "Control"));
  }

  protected override async screenshot() {
    return { data: (await this.#page.screenshot()).toString("base64") };
  }
}

const client = new Anthropic(); // reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
const toolset = new Browser(page);
try {
  const runner = client.beta.messages.toolRunner({
    model: process.env["ANTHROPIC_MODEL"] ?? "claude-sonnet-5-5",
    max_tokens: 512,
    max_iterations: 12,
    system: "You use a browser that shows a page already. Read the page first. Use references such as ref_1 to act on it.",
    tools: [toolset],
    messages: [{ role: "user", content: task }],
  });
  for await (const message of runner) {
    for (const block of message.content) {
      if (block.type === "text") console.log(block.text);
      if (block.type === "tool_use") console.log(block.name, JSON.stringify(block.input));
    }
  }
} finally {
  await toolset.close();
  await browser.close();
}
