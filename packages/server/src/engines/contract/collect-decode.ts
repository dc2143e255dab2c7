import type { DecodeEvent, DecodeRequest, TokenBackend, TokenLogprob } from "../backend.ts";

export interface CollectedDecode {
  readonly tokens: readonly number[];
  readonly text: string;
  /** One list for each token, when `topLogprobs` asked for them. */
  readonly logprobs: readonly (readonly TokenLogprob[])[];
  readonly prefills: readonly Extract<DecodeEvent, { type: "prefill" }>[];
  readonly end: Extract<DecodeEvent, { type: "end" }>;
}

/** What a decode needs beyond slot and tokens, with greedy defaults. */
export type DecodeOptions = Partial<DecodeRequest> & Pick<DecodeRequest, "slot" | "tokens">;

export function decodeRequest(options: DecodeOptions): DecodeRequest {
  return {
    reusePrefix: false,
    maxTokens: 16,
    sampler: { temperature: 0, topP: 1, topK: 0 },
    grammar: null,
    topLogprobs: 0,
    ...options,
  };
}

/** Runs a decode to its end. Throws what the decode throws, and when it ends without an "end" event. */
export async function collectDecode(backend: TokenBackend, options: DecodeOptions): Promise<CollectedDecode> {
  const tokens: number[] = [];
  const logprobs: (readonly TokenLogprob[])[] = [];
  const prefills: Extract<DecodeEvent, { type: "prefill" }>[] = [];
  let text = "";
  let end: Extract<DecodeEvent, { type: "end" }> | undefined;
  for await (const event of backend.decode(decodeRequest(options), new AbortController().signal)) {
    if (end) throw new Error(`a "${event.type}" event came after the end`);
    if (event.type === "tokens") {
      tokens.push(...event.tokens);
      text += event.text;
      if (event.logprobs) logprobs.push(event.logprobs);
    } else if (event.type === "prefill") prefills.push(event);
    else end = event;
  }
  if (!end) throw new Error("the decode ended without an end event");
  return { tokens, text, logprobs, prefills, end };
}

/** The backend, and what resolves once so many of its decodes have had their first token: they are under way, on a fast machine and a slow one. */
export function watchDecodes(
  backend: TokenBackend,
  count: number,
): { readonly watched: TokenBackend; readonly underWay: Promise<void> } {
  const { promise: underWay, resolve } = Promise.withResolvers<void>();
  let begun = 0;
  const watched: TokenBackend = {
    ...backend,
    async *decode(request, signal) {
      let isFirst = true;
      for await (const event of backend.decode(request, signal)) {
        if (isFirst && event.type === "tokens") {
          isFirst = false;
          begun += 1;
          if (begun === count) resolve();
        }
        yield event;
      }
    },
  };
  return { watched, underWay };
}
