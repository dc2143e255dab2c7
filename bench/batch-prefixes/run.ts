/**
 * What the order of a batch is worth: the same requests, whose prompts begin alike in groups, asked one after the other in
 * the order in which they were given, and as a batch, which sorts them by their beginnings.
 *
 *   node --conditions=source bench/batch-prefixes/run.ts [--groups N] [--questions N] [--rounds N]
 *
 * One slot, so that only the order matters. `PARLEY_TEST_MODELS` names the folder of weights.
 */
import Anthropic from "@anthropic-ai/sdk";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { SMALL, startParley } from "../../packages/server/test/support/start-parley.ts";

const { values } = parseArgs({
  options: {
    groups: { type: "string", default: "3" },
    questions: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
  },
});
const [groups, questions, rounds] = [Number(values.groups), Number(values.questions), Number(values.rounds)];
const SENTENCES = 12;

await using parley = await startParley({ model: SMALL, env: { PARLEY_SLOTS: "1", PARLEY_LOG_LEVEL: "warn" } });
const client = new Anthropic({ baseURL: parley.url, apiKey: parley.apiKey, maxRetries: 0, timeout: 600_000 });
await client.messages.create(ask("warm", "up", 0));

for (let round = 0; round < rounds; round += 1) {
  const asked = await timed(async () => {
    for (const params of interleaved(`asked ${round}`)) await client.messages.create(params);
  });
  const batched = await timed(async () => {
    const requests = interleaved(`batch ${round}`).map((params, index) => ({ custom_id: `q${index}`, params }));
    const { id } = await client.messages.batches.create({ requests });
    while ((await client.messages.batches.retrieve(id)).processing_status !== "ended") await sleep(100);
  });
  const gain = (asked / batched).toFixed(1);
  process.stdout.write(
    `${groups * questions} requests in ${groups} groups: as given ${seconds(asked)}, as a batch ${seconds(batched)}, ${gain} times as fast\n`,
  );
}

/** One question of each group after the other: the worst order for whoever keeps one prefix. */
function interleaved(salt: string): Anthropic.MessageCreateParamsNonStreaming[] {
  return Array.from({ length: groups * questions }, (_, index) =>
    ask(salt, `group ${index % groups}`, Math.floor(index / groups)),
  );
}

function ask(salt: string, group: string, question: number): Anthropic.MessageCreateParamsNonStreaming {
  const book = Array.from(
    { length: SENTENCES },
    (_, line) => `Line ${line} of the book of ${group} (${salt}) says that ${line * 7} is a number.`,
  );
  return {
    model: "claude-haiku-4-5",
    max_tokens: 4,
    system: book.join(" "),
    messages: [{ role: "user", content: `Question ${question}: is it?` }],
  };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begunAtMs = performance.now();
  await work();
  return performance.now() - begunAtMs;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
