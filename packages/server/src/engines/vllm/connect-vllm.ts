import type { DecodeRequest, TokenBackend, TokenLogprob } from "../backend.ts";
import { allowedLogprobs } from "../upstream/allowed-logprobs.ts";
import { createJsonClient, UpstreamRefused } from "../upstream/json-client.ts";
import { createSaltedBackend, type DecodedPiece } from "../upstream/salted-backend.ts";
import { traceHeader } from "../upstream/trace-header.ts";
import type { UpstreamClient } from "../upstream/upstream-client.ts";
import { CompletionChunk, DetokenizeReply, ErrorText, TokenizeReply } from "./api.ts";
import { askIdentity, probeVllm, type VllmCapabilities } from "./probe-vllm.ts";
import { toCompletionBody } from "./to-completion-body.ts";

export interface VllmOptions {
  readonly client: UpstreamClient;
  readonly url: string;
  /** Its name for the model; null: the first that it lists. */
  readonly model: string | null;
  /** Turns at once. */
  readonly slots: number;
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  readonly lookEveryMs?: number;
}

export interface VllmBackend extends TokenBackend {
  readonly kind: "vllm";
  readonly capabilities: VllmCapabilities;
}

/**
 * A vLLM as a token backend. Throws where it cannot be reached, or was started without what is needed, and says which flag that is.
 */
export async function connectVllm(options: VllmOptions): Promise<VllmBackend> {
  const { client, url, slots, silenceMs, signal, lookEveryMs } = options;
  const vllm = createJsonClient({ client, silenceMs, error: ErrorText });
  const { modelName, model, capabilities, identity } = await probeVllm(vllm, { url, model: options.model, signal });
  const { endTokens, contextTokens } = model;
  const ends = new Set(endTokens);

  async function* stream(request: DecodeRequest, salt: string, until: AbortSignal): AsyncGenerator<DecodedPiece, void, void> {
    const body = toCompletionBody(request, { model: modelName, salt, endTokens, contextTokens });
    for await (const data of vllm.events("/v1/completions", { body, headers: traceHeader(request) }, until)) {
      const chunk = CompletionChunk.parse(JSON.parse(data));
      if ("error" in chunk) throw new UpstreamRefused(500, chunk.error.message);
      const cachedTokens = chunk.usage?.prompt_tokens_details?.cached_tokens ?? null;
      const [choice] = chunk.choices;
      const ids = choice?.token_ids ?? [];
      const isStop = choice?.finish_reason === "stop";
      const logprobs = choice?.logprobs?.top_logprobs;
      yield {
        tokens: isStop && ends.has(ids.at(-1) ?? -1) ? ids.slice(0, -1) : ids,
        text: choice?.text ?? "",
        logprobs: logprobs?.map((told) => toLogprobs(told ?? {}, request.topLogprobs)) ?? null,
        finish: isStop ? "end-token" : choice?.finish_reason ? "length" : null,
        cachedTokens,
      };
    }
  }

  const backend = createSaltedBackend({
    kind: "vllm",
    name: `vLLM at ${new URL(url).host}`,
    model,
    slots,
    lookEveryMs,
    engine: {
      stream,
      async tokenize(text) {
        const body = { model: modelName, prompt: text, add_special_tokens: false };
        return (await vllm.call("/tokenize", TokenizeReply, { body })).tokens;
      },
      async detokenize(tokens) {
        return (await vllm.call("/detokenize", DetokenizeReply, { body: { model: modelName, tokens } })).prompt;
      },
      look: async (until) => (await askIdentity(vllm, modelName, until)) === identity,
      close: () => client.close(),
    },
  });
  return { ...backend, capabilities };
}

/** `{"token_id:42": -0.3}`, where the sampled token may be one more than was asked for. */
function toLogprobs(told: Readonly<Record<string, number>>, count: number): readonly TokenLogprob[] {
  const all = Object.entries(told).map(([key, logprob]) => ({ token: Number(key.replace(/^token_id:/, "")), logprob }));
  return allowedLogprobs(
    all.toSorted((a, b) => b.logprob - a.logprob),
    count,
  );
}
