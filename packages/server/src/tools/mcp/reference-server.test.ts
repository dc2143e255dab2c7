import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { end, scripted, start, textBlock, toolBlock } from "../../doors/testing/scripted-engine.ts";
import { startToolServer } from "../testing/start-tool-server.ts";
import type { ServerTools } from "../server-tool.ts";

/** Two Node processes start, on machines that may be busy. */
const SLOW_MS = 60_000;
const folder = dirname(createRequire(import.meta.url).resolve("@modelcontextprotocol/server-everything/package.json"));
/** It listens on every address, and a test on loopback only. */
const ON_LOOPBACK = `import net from "node:net";
const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (port, ...rest) { return listen.call(this, Number(port), "127.0.0.1", ...rest); };`;
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** The protocol's own server, of every kind of tool. */
async function startEverything(transport: "streamableHttp" | "sse"): Promise<number> {
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [`--import=data:text/javascript,${encodeURIComponent(ON_LOOPBACK)}`, join(folder, "dist/index.js"), transport],
    {
      env: { PATH: process.env["PATH"], PORT: String(port) },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  children.push(child);
  await new Promise<void>((resolve, reject) => {
    const said = (text: Buffer): void => {
      if (/port \d+/i.test(text.toString())) resolve();
    };
    child.stdout?.on("data", said);
    child.stderr?.on("data", said);
    child.once("exit", (code) => reject(new Error(`it ended with ${code}`)));
  });
  return port;
}

test.each([
  ["streamableHttp", "mcp"],
  ["sse", "sse"],
] as const)("is listed and called over %s", { timeout: SLOW_MS }, async (transport, path) => {
  const port = await startEverything(transport);
  const parley = await startToolServer({} as ServerTools);
  parley.playSteps(
    scripted([start, ...toolBlock(0, "everything_echo", '{"message":"hi"}'), end({ stopReason: "tool_use" })]),
    scripted([
      start,
      ...toolBlock(0, "everything_get-sum", '{"a":17,"b":25}'),
      ...toolBlock(1, "everything_echo", "{}"),
      end({ stopReason: "tool_use" }),
    ]),
    scripted([start, ...textBlock(0, "42."), end()]),
  );
  const message = await parley.client.beta.messages
    .stream({
      model: "claude-haiku-4-5",
      max_tokens: 100,
      betas: ["mcp-client-2025-11-20"],
      mcp_servers: [{ type: "url", name: "everything", url: `http://127.0.0.1:${port}/${path}` }],
      tools: [{ type: "mcp_toolset", mcp_server_name: "everything" }],
      messages: [{ role: "user", content: "17 and 25?" }],
    })
    .finalMessage();
  await parley.close();
  expect(parley.engine.turns[0]?.tools.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["everything_echo", "everything_get-sum"]),
  );
  expect(message.content).toMatchObject([
    { type: "mcp_tool_use", name: "echo", server_name: "everything", input: { message: "hi" } },
    { type: "mcp_tool_result", is_error: false, content: [{ type: "text", text: expect.stringContaining("hi") }] },
    { type: "mcp_tool_use", name: "get-sum", input: { a: 17, b: 25 } },
    { type: "mcp_tool_use", name: "echo", input: {} },
    { type: "mcp_tool_result", is_error: false, content: [{ text: expect.stringContaining("42") }] },
    { type: "mcp_tool_result", is_error: true },
    { type: "text", text: "42." },
  ]);
});
