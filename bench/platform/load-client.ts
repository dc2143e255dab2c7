/** Sends messages over kept connections for a while and tells its parent how long each took. Keys are taken in turn. */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";

const [url = "", keysFile = "", atOnce = "1", seconds = "5"] = process.argv.slice(2);
const keys = JSON.parse(readFileSync(keysFile, "utf8")) as readonly string[];
const agent = new Agent({ keepAlive: true, maxSockets: Number(atOnce) });
const body = JSON.stringify({ model: "claude-haiku-4-5", max_tokens: 100, messages: [{ role: "user", content: "Hi" }] });
const headers = {
  "anthropic-version": "2023-06-01",
  "content-type": "application/json",
  "content-length": Buffer.byteLength(body),
};
let sent = 0;

function send(): Promise<void> {
  const key = keys[sent++ % keys.length];
  return new Promise((resolve, reject) => {
    const sending = request(
      `${url}/v1/messages`,
      { method: "POST", agent, headers: { ...headers, "x-api-key": key } },
      (response) => {
        response.resume();
        response.once("end", () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`the server answered ${response.statusCode}`)),
        );
      },
    );
    sending.once("error", reject);
    sending.end(body);
  });
}

async function sendUntil(endMs: number): Promise<number[]> {
  const times: number[] = [];
  while (performance.now() < endMs) {
    const begunMs = performance.now();
    await send();
    times.push(performance.now() - begunMs);
  }
  return times;
}

const begunMs = performance.now();
const endMs = begunMs + Number(seconds) * 1_000;
const times = await Promise.all(Array.from({ length: Number(atOnce) }, () => sendUntil(endMs)));
agent.destroy();
// Some ten thousand times are more than the pipe takes at once.
process.send?.({ times: times.flat(), tookMs: performance.now() - begunMs }, undefined, {}, () => process.disconnect());
