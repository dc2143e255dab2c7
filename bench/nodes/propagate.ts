import { arrange, NODES } from "./arrangement.ts";
import { call } from "./client.ts";
import { printTable } from "./print-table.ts";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const CLI = join(import.meta.dirname, "../../packages/server/src/cli/main.ts");

/** What is changed on one node, and how long the other two go on as before. */
export async function propagate(): Promise<void> {
  await using arrangement = await arrange({ gapMs: 1 });
  const parley = async (...line: readonly string[]): Promise<string> => {
    const options = { env: { ...process.env, DATABASE_URL: arrangement.databaseUrl } };
    const at = ["--data", arrangement.dataOf("node-a")];
    return (await run(process.execPath, ["--conditions=source", CLI, ...line, ...at], options)).stdout;
  };
  const created = JSON.parse(await parley("keys", "create", "--admin", "--name", "bench", "--json")) as { api_key: string };
  const adminKey = created.api_key;
  const admin = async (path: string, body?: object): Promise<Record<string, unknown>> => {
    const reply = await fetch(`${arrangement.urlOf("node-a")}/v1/organizations/${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { "x-api-key": adminKey, "anthropic-version": "2026-10-21", "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
    return (await reply.json()) as Record<string, unknown>;
  };
  const rows: string[][] = [];

  /** From `change` on, each other node is asked until it does what it should. */
  async function measure(
    name: string,
    apiKey: string,
    change: () => Promise<unknown>,
    isThere: (status: number) => boolean,
  ): Promise<void> {
    const others = NODES.filter((each) => each !== "node-a");
    const ask = async (node: (typeof NODES)[number]): Promise<number> =>
      (await call({ url: arrangement.urlOf(node), apiKey, maxTokens: 1, stream: false, prompt: "Hi" })).status ?? 0;
    for (const node of others) await ask(node);
    await change();
    const beganMs = performance.now();
    const times = await Promise.all(
      others.map(async (node) => {
        while (!isThere(await ask(node))) if (performance.now() - beganMs > 10_000) return Number.NaN;
        return performance.now() - beganMs;
      }),
    );
    rows.push([name, ...times.map((ms) => `${Math.round(ms)} ms`)]);
  }

  for (let round = 1; round <= 3; round += 1) {
    const key = JSON.parse(await parley("keys", "create", "--name", `round ${round}`, "--json")) as {
      id: string;
      api_key: string;
    };
    const secret = key.api_key;
    await measure(
      `key revoked (${round})`,
      secret,
      () => admin(`api_keys/${key.id}`, { status: "archived" }),
      (status) => status === 401,
    );
  }
  printTable("What is changed at one node, and when the others act on it", ["change", "node-b", "node-c"], rows, []);
}
