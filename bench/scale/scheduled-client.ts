/** Sends turns when they are due, whatever became of those before, and tells its parent how long each took. */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export interface ScheduledTurn {
  readonly atMs: number;
  readonly url: string;
  readonly secret: string;
}

const turns = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as readonly ScheduledTurn[];
const agent = new Agent({ keepAlive: true });
const body = JSON.stringify({ model: "claude-haiku-4-5", max_tokens: 100, messages: [{ role: "user", content: "Hi" }] });

function send({ url, secret }: ScheduledTurn): Promise<void> {
  const headers = {
    "anthropic-version": "2023-06-01",
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "x-api-key": secret,
  };
  return new Promise((resolve, reject) => {
    const sending = request(`${url}/v1/messages`, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.once("end", () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`the server answered ${response.statusCode}`)),
      );
    });
    sending.once("error", reject);
    sending.end(body);
  });
}

const begunMs = performance.now();
const times = await Promise.all(
  turns.map(async (turn) => {
    await sleep(turn.atMs - (performance.now() - begunMs));
    const sentMs = performance.now();
    await send(turn);
    return performance.now() - sentMs;
  }),
);
process.send?.(times);
agent.destroy();
process.disconnect();
