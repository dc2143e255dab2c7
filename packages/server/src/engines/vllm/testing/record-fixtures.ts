/**
 * Records what a real vLLM answers, for the tests that run without one:
 *   node --conditions=source packages/server/src/engines/vllm/testing/record-fixtures.ts URL
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { toCompletionBody } from "../to-completion-body.ts";

const url = process.argv[2] ?? "";
const [model] = ((await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string; max_model_len: number }[] }).data;
if (model === undefined) throw new Error("this server lists no model");
const request = { slot: 0, reusePrefix: true, sampler: { temperature: 0, topP: 1, topK: 0 }, grammar: null, topLogprobs: 0 };
const context = { model: model.id, salt: "salt", endTokens: [2], contextTokens: model.max_model_len };
const prompt = [1, 4093, 198, 25_582, 12_905, 30, 2, 198, 1, 520, 9531, 198];
const bodies: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  reply: toCompletionBody({ ...request, tokens: prompt, maxTokens: 6, topLogprobs: 2 }, context),
  ended: toCompletionBody({ ...request, tokens: prompt, maxTokens: 20, grammar: 'root ::= "zq"' }, context),
  "bad-grammar": toCompletionBody({ ...request, tokens: prompt, maxTokens: 20, grammar: "root ::= missing" }, context),
};
const recorded: Record<string, unknown> = {};
for (const path of ["/version", "/v1/models", "/tokenizer_info"]) {
  const text = await (await fetch(url + path)).text();
  recorded[path] = JSON.parse(text.replaceAll(/"[^"]*\/model[^"/]*"/g, '"/models/smollm2"'));
}
for (const [name, body] of Object.entries(bodies)) {
  const reply = await fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  recorded[name] = { status: reply.status, text: await reply.text() };
}
await writeFile(join(import.meta.dirname, "../__fixtures__/vllm-0.32.json"), `${JSON.stringify(recorded, null, 1)}\n`);
