import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { sendJson, sendSse, startFakeUpstream } from "../../upstream/testing/fake-upstream.ts";

/** What a real vLLM 0.32 with SmolLM2 135M answered: record-fixtures.ts. */
const recorded = z
  .record(z.string(), z.unknown())
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "../__fixtures__/vllm-0.32.json"), "utf8")));
const Asked = z.looseObject({
  prompt: z.array(z.int()).or(z.string()).optional(),
  stream: z.boolean().optional(),
  structured_outputs: z.unknown().optional(),
});
const KNOWS_ALL = { details: true, tokenizer: true, cached: true };
const BLOCK_TOKENS = 16;

export function recordedStream(name: "reply" | "ended" | "bad-grammar"): string {
  return z.object({ text: z.string() }).parse(recorded[name]).text;
}

/** A vLLM that tells what the real one told, and streams what it is given to. */
export async function startFakeVllm() {
  let knows = KNOWS_ALL;
  let stream = recordedStream("reply");
  let refusesWith: number | null = null;
  let told: Readonly<Record<string, unknown>> = recorded;
  const fake = await startFakeUpstream(() => {});
  const reset = (): void => {
    knows = KNOWS_ALL;
    stream = recordedStream("reply");
    refusesWith = null;
    told = recorded;
    fake.answer((outgoing, { path, body }) => {
      const asked = Asked.parse(JSON.parse(body));
      const prompt = asked.prompt ?? "";
      if (path === "/tokenize")
        return sendJson(outgoing, 200, { tokens: Array.from({ length: prompt.length }, (_, index) => 100 + index) });
      if (asked.stream === true && refusesWith !== null)
        return sendJson(outgoing, refusesWith, { error: { message: "no room" } });
      if (asked.stream === true) return sendSse(outgoing, stream);
      const cached = knows.cached ? Math.floor((prompt.length - 1) / BLOCK_TOKENS) * BLOCK_TOKENS : 0;
      sendJson(outgoing, 200, {
        choices: [{ text: asked.structured_outputs === undefined ? "a" : "yes", token_ids: [7] }],
        usage: { prompt_tokens_details: knows.details ? { cached_tokens: cached } : null },
      });
    });
    fake.probe((outgoing, { path }) => {
      const known = path === "/tokenizer_info" && !knows.tokenizer ? undefined : told[path];
      if (known === undefined) sendJson(outgoing, 404, { error: { message: "Not Found" } });
      else sendJson(outgoing, 200, known);
    });
  };
  reset();
  return {
    ...fake,
    reset,
    /** As one that was started without something. */
    lack(what: Partial<typeof KNOWS_ALL>) {
      knows = { ...knows, ...what };
    },
    /** As another that is started behind its address. */
    becomes(path: string, reply: unknown) {
      told = { ...told, [path]: reply };
    },
    /** As one that is full. */
    refuseStreams(status: number) {
      refusesWith = status;
    },
    /** What its next replies are. */
    stream(text: string) {
      stream = text;
    },
  };
}

export type FakeVllm = Awaited<ReturnType<typeof startFakeVllm>>;
