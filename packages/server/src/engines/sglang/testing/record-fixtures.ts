/**
 * Records what a real SGLang with SmolLM2 135M answers, for the tests that run without one:
 *   node --conditions=source packages/server/src/engines/sglang/testing/record-fixtures.ts URL
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { toGenerateBody } from "../to-generate-body.ts";

const url = process.argv[2] ?? "";
const post = (path: string, body: unknown): Promise<Response> =>
  fetch(url + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
const read = async (path: string): Promise<Record<string, unknown>> =>
  (await (await fetch(url + path)).json()) as Record<string, unknown>;

const request = { slot: 0, reusePrefix: true, sampler: { temperature: 0, topP: 1, topK: 0 }, grammar: null, topLogprobs: 0 };
const context = { salt: `salt ${Date.now()}`, endTokens: [0, 2], contextTokens: 2048 };
const prompt = [1, 4093, 198, 25_582, 12_905, 30, 2, 198, 1, 520, 9531, 198];
const bodyOf = (requestId: string, more: Parameters<typeof toGenerateBody>[0] | object) =>
  toGenerateBody({ ...request, tokens: prompt, maxTokens: 20, ...more }, { ...context, requestId });
const bodies: Readonly<Record<string, object>> = {
  reply: bodyOf("reply", { maxTokens: 6, topLogprobs: 2 }),
  again: bodyOf("again", { maxTokens: 2 }),
  prefill: bodyOf("prefill", { maxTokens: 0 }),
  ended: bodyOf("ended", { grammar: 'root ::= "zq"' }),
  "bound-logprobs": bodyOf("bound-logprobs", { grammar: 'root ::= "zq"', maxTokens: 1, topLogprobs: 2 }),
  "cut-character": bodyOf("cut-character", { grammar: 'root ::= "😀👍"', maxTokens: 5 }),
  "bad-grammar": bodyOf("bad-grammar", { grammar: "root ::= missing" }),
  "too-long": { ...bodyOf("too-long", {}), input_ids: Array.from({ length: 3_000 }, () => 5) },
};

/** SGLang's start is named in hundreds of fields, of which these are read. */
const { version, max_req_input_len } = await read("/server_info");
const recorded: Record<string, unknown> = {
  "/model_info": await read("/model_info"),
  "/server_info": { version, max_req_input_len },
};
const lists = Array.from({ length: 64 }, (_, id) => [id]);
for (const skip of [false, true]) {
  const reply = await post("/detokenize", { tokens: lists, skip_special_tokens: skip });
  recorded[skip ? "/detokenize without special tokens" : "/detokenize"] = await reply.json();
}
for (const [name, body] of Object.entries(bodies)) {
  const reply = await post("/generate", body);
  recorded[name] = { status: reply.status, text: await reply.text() };
}
const stopped = post("/generate", bodyOf("stopped", { maxTokens: 1_000 })).then((reply) => reply.text());
setTimeout(() => void post("/abort_request", { rid: "stopped" }), 3_000);
recorded["stopped"] = { status: 200, text: (await stopped).split("\n\n").slice(-3).join("\n\n") };
await writeFile(
  join(import.meta.dirname, `../__fixtures__/sglang-${String(version)}.json`),
  `${JSON.stringify(recorded, null, 1)}\n`,
);
