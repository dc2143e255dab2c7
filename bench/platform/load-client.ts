/** Sends messages over kept connections for a while and tells its parent how long each took. */
import { Agent, request } from "node:http";

const [url = "", key = "", atOnce = "1", seconds = "5"] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(atOnce) });
const body = JSON.stringify({ model: "claude-haiku-4-5", max_tokens: 100, messages: [{ role: "user", content: "Hi" }] });
const headers = {
  "x-api-key": key,
  "anthropic-version": "2023-06-01",
  "content-type": "application/json",
  "content-length": Buffer.byteLength(body),
};

function send(): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/v1/messages`, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.once("end", () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`the server answered ${response.statusCode}`)),
      );
    });
    sent.once("error", reject);
    sent.end(body);
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

const endMs = performance.now() + Number(seconds) * 1_000;
const times = await Promise.all(Array.from({ length: Number(atOnce) }, () => sendUntil(endMs)));
process.send?.(times.flat());
agent.destroy();
process.disconnect();
