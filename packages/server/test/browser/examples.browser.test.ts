import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { KEY } from "../../src/doors/testing/start-test-server.ts";
import { step } from "../../src/tools/testing/mcp-steps.ts";
import { bareTools } from "../../src/tools/testing/other-tools.ts";
import { resultTexts } from "../../src/tools/testing/result-texts.ts";
import { startToolServer } from "../../src/tools/testing/start-tool-server.ts";
import { findChromium } from "./start-console.ts";

const EXAMPLE = join(import.meta.dirname, "../../../../examples/typescript/browser-use.ts");
const PAGE = `<!doctype html><title>Tea</title><h1>Tea shop</h1>
<label for="cups">Cups</label><input id="cups"><label><input type="checkbox" name="milk">Milk</label>
<button onclick="document.querySelector('p').textContent = cups.value + ' cups ordered' + (document.querySelector('[name=milk]').checked ? ' with milk' : '')">Order</button>
<p>Nothing ordered.</p>`;

test("browser-use.ts reads a page, fills its form in and clicks, and opens no page of another host", async () => {
  const web = createServer((_request, reply) => void reply.setHeader("content-type", "text/html").end(PAGE));
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(web.address() as AddressInfo).port}/`;
  const server = await startToolServer(bareTools);
  const ref = (number: number) => ({ type: "ref", ref: `ref_${number}` });
  server.playSteps(
    step("", ["browser_read_page", {}]),
    step("", ["browser_form_input", { target: ref(1), value: "2" }], ["browser_form_input", { target: ref(2), value: true }]),
    step("", ["browser_left_click", { target: ref(3) }]),
    step("", ["browser_find", { query: "ordered" }]),
    step("", ["browser_left_click", { target: ref(9) }]),
    step("", ["browser_navigate", { url: "https://example.com/" }]),
    step("Done."),
  );
  const env = {
    PATH: process.env["PATH"],
    ANTHROPIC_BASE_URL: server.url,
    ANTHROPIC_API_KEY: KEY,
    CHROME_PATH: findChromium(),
  };
  const { stdout } = await promisify(execFile)(process.execPath, [EXAMPLE, address, "Order two cups with milk."], { env });
  expect(stdout).toMatch(/^read_page \{\}\n[^]*Done\.\n$/);
  const results = resultTexts(server.engine.turns.at(-1));
  expect(results[0]).toContain('heading "Tea shop"\ntext "Cups"\nfield "Cups" = "" [ref_1]');
  expect(results[4]).toContain('text "2 cups ordered with milk"');
  expect(results[5]).toContain("ref_9 is not on this page");
  expect(results[6]).toContain(`Only pages of ${new URL(address).host} may be opened.`);
  await server.close();
  web.close();
});
