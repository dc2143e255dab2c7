// A desktop that the model uses: an X display, by xdotool and maim. It clicks what it likes and asks you before it types, so give it
// a display of its own: see docs/guides/client-tools.md. Small models read a screen, but plan few steps on it; this loop is the real one.
// Run it with: DISPLAY=:99 npx node examples/typescript/computer-use.ts "Click the button Send."
import Anthropic from "@anthropic-ai/sdk";
import { BetaAbstractComputerToolset20260801 } from "@anthropic-ai/sdk/helpers/beta/toolsets";
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { createInterface } from "node:readline/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const terminal = createInterface({ input: process.stdin });
const answers = terminal[Symbol.asyncIterator]();
const SCROLL_BUTTONS = { up: "4", down: "5", left: "6", right: "7" } as const;

async function picture(...area: readonly string[]): Promise<{ data: string }> {
  const { stdout } = await run("maim", [...area], { encoding: "buffer", maxBuffer: 32 * 1024 * 1024 });
  return { data: stdout.toString("base64") };
}

/** What is not overridden here is not offered to the model. */
class Desktop extends BetaAbstractComputerToolset20260801 {
  constructor() {
    super({
      // The SDK wants an answer for these two: typing reaches further than a click.
      async confirm({ member, input }) {
        if (member !== "type" && member !== "key") return true;
        process.stdout.write(`${member} ${JSON.stringify(input)}\nAllow it? [y/N] `);
        return /^y/i.test(String((await answers.next()).value));
      },
    });
  }

  async #mouse(at: readonly number[] | null | undefined, ...then: readonly string[]): Promise<void> {
    const move = at ? ["mousemove", "--sync", ...at.map(String)] : [];
    await run("xdotool", [...move, ...then]);
    await sleep(300); // for the programs on the screen
  }

  protected override screenshot() {
    return picture();
  }

  protected override zoom(_: unknown, { region: [x0 = 0, y0 = 0, x1 = 0, y1 = 0] }: { readonly region: readonly number[] }) {
    return picture("-g", `${x1 - x0}x${y1 - y0}+${x0}+${y0}`);
  }

  protected override left_click(_: unknown, { coordinate }: { readonly coordinate?: readonly number[] | null }) {
    return this.#mouse(coordinate, "click", "1");
  }

  protected override right_click(_: unknown, { coordinate }: { readonly coordinate?: readonly number[] | null }) {
    return this.#mouse(coordinate, "click", "3");
  }

  protected override double_click(_: unknown, { coordinate }: { readonly coordinate?: readonly number[] | null }) {
    return this.#mouse(coordinate, "click", "--repeat", "2", "--delay", "100", "1");
  }

  protected override mouse_move(_: unknown, { coordinate }: { readonly coordinate: readonly number[] }) {
    return this.#mouse(coordinate);
  }

  protected override left_click_drag(
    _: unknown,
    drag: { readonly start_coordinate: readonly number[]; readonly coordinate: readonly number[] },
  ) {
    const [x = 0, y = 0] = drag.coordinate;
    return this.#mouse(drag.start_coordinate, "mousedown", "1", "mousemove", "--sync", `${x}`, `${y}`, "mouseup", "1");
  }

  protected override scroll(
    _: unknown,
    wheel: {
      readonly coordinate?: readonly number[] | null;
      readonly scroll_direction: keyof typeof SCROLL_BUTTONS;
      readonly scroll_amount: number;
    },
  ) {
    return this.#mouse(wheel.coordinate, "click", "--repeat", `${wheel.scroll_amount}`, SCROLL_BUTTONS[wheel.scroll_direction]);
  }

  protected override type_(_: unknown, { text }: { readonly text: string }) {
    return this.#mouse(null, "type", "--delay", "20", "--", text);
  }

  protected override key(_: unknown, { text, repeat }: { readonly text: string; readonly repeat?: number | null }) {
    return this.#mouse(null, "key", "--repeat", `${repeat ?? 1}`, "--", text);
  }

  protected override async cursor_position() {
    const { stdout } = await run("xdotool", ["getmouselocation", "--shell"]);
    const at = (name: string): number => Number(new RegExp(`^${name}=(\\d+)$`, "m").exec(stdout)?.[1]);
    return { x: at("X"), y: at("Y") };
  }

  protected override async wait(_: unknown, { duration }: { readonly duration: number }) {
    await sleep(Math.min(duration, 10) * 1_000);
  }
}

const client = new Anthropic(); // reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
const desktop = new Desktop();
const runner = client.beta.messages.toolRunner({
  model: process.env["ANTHROPIC_MODEL"] ?? "claude-sonnet-5-5",
  max_tokens: 512,
  max_iterations: 12,
  system: "You use a computer. Take a screenshot first. Act on what you read there, then take one more and say what you see.",
  tools: [desktop],
  messages: [{ role: "user", content: process.argv[2] ?? "Take a screenshot and say what is on the screen." }],
});
for await (const message of runner) {
  for (const block of message.content) {
    if (block.type === "text") console.log(block.text);
    if (block.type === "tool_use") console.log(block.name, JSON.stringify(block.input));
  }
}
terminal.close();
await desktop.close();
