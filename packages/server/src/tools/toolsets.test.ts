import Anthropic from "@anthropic-ai/sdk";
import { BetaAbstractBrowserToolset20260801, BetaAbstractComputerToolset20260801 } from "@anthropic-ai/sdk/helpers/beta/toolsets";
import { afterEach, beforeEach, expect, test } from "vitest";
import { step } from "./testing/mcp-steps.ts";
import { bareTools } from "./testing/other-tools.ts";
import { resultTexts } from "./testing/result-texts.ts";
import { startToolServer } from "./testing/start-tool-server.ts";

let server: Awaited<ReturnType<typeof startToolServer>>;

beforeEach(async () => {
  server = await startToolServer(bareTools);
});
afterEach(() => server.close());

const asked = { model: "claude-sonnet-5", max_tokens: 100, messages: [{ role: "user" as const, content: "Go." }] };
const resultsSeen = () => resultTexts(server.engine.turns.at(-1));

/** A browser of one tab, and nothing behind it. */
class Browser extends BetaAbstractBrowserToolset20260801 {
  url = "about:blank";

  constructor() {
    super({ browserState: () => ({ tabs: [{ tab_id: "t1", title: "A page", url: this.url, active: true }] }) });
  }

  protected override navigate(_: unknown, { url }: { readonly url: string }) {
    this.url = url;
    return { url, title: "A page", status: 200 };
  }

  protected override left_click(): void {}

  protected override list_tabs() {
    return [{ tab_id: "t1", title: "A page", url: this.url, active: true }];
  }
}

test("the SDK's browser toolset is driven by its tool runner, and the model reads what it reports", async () => {
  server.playSteps(
    step(
      "",
      ["browser_navigate", { url: "https://a.example/" }],
      ["browser_left_click", { target: { type: "ref", ref: "ref_1" } }],
    ),
    step("", ["browser_list_tabs", {}]),
    step("Done."),
  );
  const last = await server.client.beta.messages.toolRunner({ ...asked, tools: [new Browser()] });
  expect(last.content).toMatchObject([{ type: "text", text: "Done." }]);
  expect(server.engine.turns[0]?.tools.map(({ name }) => name)).toEqual([
    "browser_navigate",
    "browser_list_tabs",
    "browser_left_click",
  ]);
  expect(resultsSeen()).toEqual([
    expect.stringMatching(/^Navigated to https:\/\/a\.example\/[^]*Tab Context:\n- Executed on tab_id: t1\n/),
    "Clicked.",
    'Available tabs:\n  • tab_id t1: "A page" (https://a.example/) (current)',
  ]);
});

test("the SDK's computer toolset gets several calls of one reply, each by its member's name", async () => {
  const pressed: string[] = [];
  const asks: string[] = [];
  class Computer extends BetaAbstractComputerToolset20260801 {
    constructor() {
      super({ confirm: ({ member }) => asks.push(member) > 0 });
    }
    protected override key(_: unknown, { text }: { readonly text: string }): void {
      pressed.push(text);
    }
    protected override type_(_: unknown, { text }: { readonly text: string }): void {
      pressed.push(text);
    }
  }
  server.playSteps(step("", ["computer_type", { text: "hello" }], ["computer_key", { text: "Return" }]), step("Done."));
  await server.client.beta.messages.toolRunner({ ...asked, tools: [new Computer()] });
  expect([pressed, asks]).toEqual([
    ["hello", "Return"],
    ["type", "key"],
  ]);
});

test("a stream names a member's call as the whole reply does", async () => {
  const call = step("", ["computer_left_click", { coordinate: [3, 4] }]);
  server.playSteps(call);
  const tools: Anthropic.ToolUnion[] = [{ type: "computer_toolset_20260801" }];
  const whole = await server.client.messages.create({ ...asked, tools });
  const streamed = await server.client.messages.stream({ ...asked, tools }).finalMessage();
  expect(whole.content).toEqual([
    {
      type: "tool_use",
      id: expect.stringMatching(/^toolu_/),
      name: "left_click",
      toolset_name: "computer",
      input: { coordinate: [3, 4] },
      caller: { type: "direct" },
    },
  ]);
  expect(streamed.content).toEqual(whole.content);
});
