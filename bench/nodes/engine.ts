/**
 * A stand-in for an engine: a `/v1/messages` server whose replies are as long as `max_tokens` says, a token an event, at an even pace.
 * `node engine.ts PORT GAP_MS HOST`. `GET /count` says how many turns it was given, and how many it has ended.
 */
import { createServer, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const [port = "0", gap = "50", host = "127.0.0.1"] = process.argv.slice(2);
const gapMs = Number(gap);
const INPUT_TOKENS = 40;
/** Of streams that only hang. */
const IDLE_MS = 75_000;
let begun = 0;
let ended = 0;

const usage = (outputTokens: number): object => ({
  input_tokens: INPUT_TOKENS,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: outputTokens,
});
const message = (model: string, content: unknown, stopReason: string | null, outputTokens: number): object => ({
  id: `msg_${begun}`,
  type: "message",
  role: "assistant",
  model,
  content,
  stop_reason: stopReason,
  stop_sequence: null,
  usage: usage(outputTokens),
});

const server = createServer((incoming, outgoing) => {
  let text = "";
  incoming.setEncoding("utf8");
  incoming.on("data", (part: string) => (text += part));
  incoming.on("end", () => {
    if (incoming.method === "GET") {
      outgoing.setHeader("content-type", "application/json");
      outgoing.end(JSON.stringify(incoming.url === "/count" ? { begun, ended } : { data: [], has_more: false }));
      return;
    }
    begun += 1;
    const { model, max_tokens: tokens, stream } = JSON.parse(text) as { model: string; max_tokens: number; stream?: boolean };
    void (
      stream === true
        ? streamTo(outgoing, model, tokens, text.includes('"Idle ') ? IDLE_MS : gapMs)
        : answer(outgoing, model, tokens)
    ).then(() => (ended += 1));
  });
});

async function answer(outgoing: ServerResponse, model: string, tokens: number): Promise<void> {
  await sleep(gapMs * tokens);
  outgoing.setHeader("content-type", "application/json");
  outgoing.end(JSON.stringify(message(model, [{ type: "text", text: "word ".repeat(tokens) }], "end_turn", tokens)));
}

async function streamTo(outgoing: ServerResponse, model: string, tokens: number, pauseMs: number): Promise<void> {
  const say = (event: { type: string } & Record<string, unknown>): void =>
    void outgoing.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  outgoing.writeHead(200, { "content-type": "text/event-stream" });
  say({ type: "message_start", message: message(model, [], null, 1) });
  say({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } });
  for (let token = 0; token < tokens && !outgoing.destroyed; token += 1) {
    await sleep(pauseMs);
    say({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "word " } });
  }
  say({ type: "content_block_stop", index: 0 });
  say({ type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: tokens } });
  say({ type: "message_stop" });
  outgoing.end();
}

server.keepAliveTimeout = 60_000;
// oxlint-disable-next-line no-console -- its starter waits for the line
server.listen(Number(port), host, () => console.log("ready"));
