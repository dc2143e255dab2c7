import { createHash } from "node:crypto";
import { z } from "zod";
import type { BackendModel } from "../backend.ts";
import { END_SPELLINGS } from "../gguf/end-spellings.ts";
import { type JsonClient, UpstreamRefused } from "../upstream/json-client.ts";
import { newSalt } from "../upstream/new-salt.ts";
import { ModelsReply, TokenizeReply, TokenizerReply, UsageReply, VersionReply } from "./api.ts";

/** What a running vLLM can do, found by asking it. */
export interface VllmCapabilities {
  readonly version: string;
  /** Prompts that begin alike are read in whole blocks of so many tokens. */
  readonly cacheBlockTokens: number;
  readonly contextTokens: number;
}

const BLOCKS_TOKENS = [1, 8, 16, 32, 64, 128, 256, 512];
const PROBE_TOKENS = 513;
const Completion = z.object({
  choices: z.array(z.object({ text: z.string(), token_ids: z.array(z.int()).nullish() })).min(1),
  usage: UsageReply,
});

/** The version and the served model; they stay the same as long as the weights do. */
interface Served {
  readonly version: string;
  readonly model: z.infer<typeof ModelsReply>["data"][number];
}

async function askServed(vllm: JsonClient, wanted: string | null, signal: AbortSignal): Promise<Served> {
  const { version } = await vllm.call("/version", VersionReply, { signal });
  const { data } = await vllm.call("/v1/models", ModelsReply, { signal });
  const model = wanted === null ? data[0] : data.find(({ id }) => id === wanted);
  if (model === undefined) throw new Error(`this vLLM serves ${data.map(({ id }) => id).join(", ")}, not ${wanted}`);
  return { version, model };
}

/** What the served model is known by: behind one address another may be started in its place without a gap. */
export async function askIdentity(vllm: JsonClient, model: string, signal: AbortSignal): Promise<string> {
  return identityOf(await askServed(vllm, model, signal));
}

function identityOf({ version, model: { id, root, max_model_len } }: Served): string {
  return JSON.stringify([version, id, root, max_model_len]);
}

/** Reads the model's facts, and tries all that a token backend needs. */
export async function probeVllm(
  vllm: JsonClient,
  { url, model: wanted, signal }: { readonly url: string; readonly model: string | null; readonly signal: AbortSignal },
): Promise<{
  readonly modelName: string;
  readonly model: BackendModel;
  readonly capabilities: VllmCapabilities;
  /** Changes with the weights. */
  readonly identity: string;
}> {
  const call: JsonClient["call"] = (path, schema, more) => vllm.call(path, schema, { signal, ...more });
  const served = await askServed(vllm, wanted, signal);
  const { version } = served;
  const { id: modelName, root, max_model_len: contextTokens } = served.model;
  const tokenizer = await call("/tokenizer_info", TokenizerReply).catch((cause: unknown) => {
    if (!(cause instanceof UpstreamRefused)) throw cause;
    throw new Error("start this vLLM with --enable-tokenizer-info-endpoint: it does not tell its special tokens", { cause });
  });
  const specialTokens = new Map(
    Object.entries(tokenizer.added_tokens_decoder).map(([id, text]): [string, number] => [text, Number(id)]),
  );
  const firstToken = async (add: boolean): Promise<number | undefined> =>
    (await call("/tokenize", TokenizeReply, { body: { model: modelName, prompt: "a", add_special_tokens: add } })).tokens[0];

  async function complete(prompt: readonly number[], more: object = {}): Promise<z.infer<typeof Completion>> {
    const body = { model: modelName, prompt, max_tokens: 1, temperature: 0, return_token_ids: true, ...more };
    return call("/v1/completions", Completion, { body });
  }
  const plain = (await firstToken(false)) ?? 0;
  const long = Array.from({ length: Math.min(PROBE_TOKENS, contextTokens - 2) }, () => plain);
  const salt = newSalt();
  const first = await complete(long, { cache_salt: salt });
  if (first.choices[0]?.token_ids?.length !== 1) throw new Error("this vLLM is too old: it does not return token ids");
  if (!first.usage.prompt_tokens_details) {
    throw new Error("start this vLLM with --enable-prompt-tokens-details: it does not say what it reads from its cache");
  }
  let cacheBlockTokens = 0;
  for (const size of BLOCKS_TOKENS) {
    if (size + 1 > long.length || cacheBlockTokens > 0) break;
    const { usage } = await complete(long.slice(0, size + 1), { cache_salt: salt });
    if ((usage.prompt_tokens_details?.cached_tokens ?? 0) > 0) cacheBlockTokens = size;
  }
  if (cacheBlockTokens === 0) throw new Error("start this vLLM with --enable-prefix-caching: it reads no prefix again");
  const bound = await complete(long.slice(0, 4), { max_tokens: 8, structured_outputs: { grammar: 'root ::= "yes"' } });
  if (!bound.choices[0]?.text.startsWith("yes")) throw new Error("this vLLM does not hold to a grammar");

  const ends = [...specialTokens].filter(([text]) => END_SPELLINGS.has(text) || text === tokenizer.eos_token).map(([, id]) => id);
  const about = JSON.stringify([url, version, modelName, root, contextTokens, tokenizer.chat_template]);
  return {
    modelName,
    identity: identityOf(served),
    capabilities: { version, cacheBlockTokens, contextTokens },
    model: {
      fingerprint: `${createHash("sha256").update(about).digest("hex").slice(0, 32)}-vllm`,
      contextTokens,
      chatTemplate: tokenizer.chat_template,
      // Not told; the family is seen by the template.
      architecture: "",
      bosToken: tokenizer.bos_token,
      eosToken: tokenizer.eos_token,
      addBos: (await firstToken(true)) !== plain,
      endTokens: ends,
      specialTokens,
      canTruncate: true,
    },
  };
}
