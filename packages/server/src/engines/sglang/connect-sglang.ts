import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { DecodeRequest, TokenBackend, TokenLogprob } from "../backend.ts";
import { allowedLogprobs } from "../upstream/allowed-logprobs.ts";
import { createJsonClient, UpstreamRefused } from "../upstream/json-client.ts";
import { createSaltedBackend, type DecodedPiece } from "../upstream/salted-backend.ts";
import { traceHeader } from "../upstream/trace-header.ts";
import type { UpstreamClient } from "../upstream/upstream-client.ts";
import { upstreamFailure } from "../upstream/upstream-failure.ts";
import { ErrorText, GenerateChunk, type Generated, ModelInfoReply } from "./api.ts";
import { identityOf, probeSglang, type SglangCapabilities, sglangTokenizer } from "./probe-sglang.ts";
import { readTokenizerConfig } from "./read-tokenizer-config.ts";
import { toGenerateBody } from "./to-generate-body.ts";

export interface SglangOptions {
  readonly client: UpstreamClient;
  readonly url: string;
  /** Path of the model's `tokenizer_config.json`: SGLang tells neither its template nor its first and last token. */
  readonly tokenizerConfig: string;
  /** Turns at once. */
  readonly slots: number;
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  readonly lookEveryMs?: number;
}

export interface SglangBackend extends TokenBackend {
  readonly kind: "sglang";
  readonly capabilities: SglangCapabilities;
}

const STOP_WITHIN_MS = 2_000;

/**
 * An SGLang as a token backend. Throws where it cannot be reached, or was started without what is needed, and says which flag that is.
 */
export async function connectSglang(options: SglangOptions): Promise<SglangBackend> {
  const { client, url, slots, silenceMs, signal, lookEveryMs } = options;
  const sglang = createJsonClient({ client, silenceMs, error: ErrorText });
  const tokenizerConfig = await readTokenizerConfig(options.tokenizerConfig);
  const { model, capabilities, identity } = await probeSglang(sglang, { url, tokenizerConfig, signal });
  const { endTokens, contextTokens } = model;
  const tokenizer = sglangTokenizer(sglang);

  async function* stream(request: DecodeRequest, salt: string, until: AbortSignal): AsyncGenerator<DecodedPiece, void, void> {
    const requestId = randomUUID();
    const body = toGenerateBody(request, { requestId, salt, endTokens, contextTokens });
    const cut = new AbortController();
    const events = sglang.events("/generate", { body, headers: traceHeader(request) }, cut.signal);
    let isOver = false;
    let limit: NodeJS.Timeout | undefined;
    /** SGLang notices a closed connection only two seconds later. What does not end by being told to is cut off all the same. */
    const stop = async (): Promise<void> => {
      limit ??= setTimeout(() => cut.abort(), STOP_WITHIN_MS);
      await sglang.call("/abort_request", z.unknown(), { body: { rid: requestId }, signal: cut.signal }).catch(() => {});
    };
    const onAbort = (): void => void stop();
    until.addEventListener("abort", onAbort);
    try {
      for (;;) {
        const next = await events.next().catch((error: unknown) => {
          isOver = true;
          throw error;
        });
        if (next.done === true) return;
        const chunk = GenerateChunk.parse(JSON.parse(next.value));
        if ("error" in chunk) throw new UpstreamRefused(400, chunk.error);
        isOver = chunk.meta_info.finish_reason !== null;
        yield toPiece(chunk, request.topLogprobs);
      }
    } finally {
      until.removeEventListener("abort", onAbort);
      if (!isOver && !until.aborted) await stop();
      // To its end, which it comes to once the engine has kept what it computed.
      while ((await events.next().catch(() => ({ done: true }))).done !== true);
      clearTimeout(limit);
    }
  }

  const backend = createSaltedBackend({
    kind: "sglang",
    name: `SGLang at ${new URL(url).host}`,
    model,
    slots,
    lookEveryMs,
    engine: {
      stream,
      tokenize: async (text) => (await tokenizer.tokenize([text]))[0] ?? [],
      detokenize: async (tokens) => (await tokenizer.detokenize([tokens], false))[0] ?? "",
      look: async (until) => identityOf(await sglang.call("/model_info", ModelInfoReply, { signal: until })) === identity,
      close: () => client.close(),
    },
  });
  return { ...backend, capabilities };
}

const BUSY_STATUSES = new Set([429, 503]);
/** What stands for the bytes of a character that the reply's end cut off. */
const CUT_CHARACTER = /\u{fffd}+$/u;

/** Throws where the server has given the request up. */
function toPiece({ text, output_ids: ids, meta_info: meta }: z.infer<typeof Generated>, topLogprobs: number): DecodedPiece {
  const { finish_reason: finish, cached_tokens: cachedTokens = null } = meta;
  if (finish?.type === "abort") {
    // With a token and a text that nobody decoded.
    const told = finish.message ?? "the request was aborted";
    const status = finish.status_code ?? 500;
    throw BUSY_STATUSES.has(status) ? upstreamFailure("overloaded", told) : new UpstreamRefused(status, told);
  }
  const isEnd = finish?.type === "stop";
  return {
    tokens: isEnd && finish.matched === ids.at(-1) ? ids.slice(0, -1) : ids,
    text: finish?.type === "length" ? text.replace(CUT_CHARACTER, "") : text,
    logprobs: meta.output_top_logprobs?.map((told) => toLogprobs(told ?? [], topLogprobs)) ?? null,
    finish: isEnd ? "end-token" : finish === null ? null : "length",
    cachedTokens,
  };
}

/** What a grammar forbids has the least number there is, or none. */
function toLogprobs(told: readonly (readonly [number | null, number, ...unknown[]])[], count: number): readonly TokenLogprob[] {
  return allowedLogprobs(
    told.flatMap(([logprob, token]) => (logprob === null ? [] : [{ token, logprob }])),
    count,
  );
}
