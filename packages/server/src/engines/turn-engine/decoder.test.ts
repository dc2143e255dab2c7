import { expect, test } from "vitest";
import { type DecodeEvent, type DecodeRequest, GrammarRejected, type TokenBackend } from "../backend.ts";
import { GREEDY } from "./samplers.ts";
import { Decoder } from "./decoder.ts";

const PROMPT = [1, 2, 3, 4];
const end: DecodeEvent = { type: "end", reason: "end-token", cachedTokens: 0, prefillMs: 0, decodeMs: 0 };

/** Each decode tells the next list of events; an error in it is thrown. */
function start(...decodes: (readonly (DecodeEvent | Error)[])[]) {
  const requests: DecodeRequest[] = [];
  const resident: (readonly number[])[] = [];
  const backend = {
    async *decode(request: DecodeRequest): AsyncGenerator<DecodeEvent> {
      requests.push(request);
      for (const event of decodes.shift() ?? []) {
        if (event instanceof Error) throw event;
        yield event;
      }
    },
  } as unknown as TokenBackend;
  const decoder = new Decoder({
    backend,
    lease: { slot: 0, residentTokens: 0, setResident: (tokens) => void resident.push(tokens), release: () => {} },
    prompt: { tokens: PROMPT },
    roomTokens: 10,
    reusePrefix: false,
    monotonicMs: () => 0,
    signal: new AbortController().signal,
  });
  const run = async (): Promise<void> => {
    for await (const _ of decoder.decode({ grammar: "root ::= [a]", sampler: GREEDY }));
  };
  return { decoder, run, requests, resident };
}

test("a turn that is left in its prefill has only what was computed", async () => {
  const { decoder, resident } = start([{ type: "prefill", done: 2, total: 4, cached: 0 }, end]);
  const decode = decoder.decode({ grammar: null, sampler: GREEDY });
  await decode.next();
  await decode.return("end-token");
  expect(resident).toEqual([[1, 2]]);
});

test("after a grammar that was refused at once, another workspace's content in the slot is still not reused", async () => {
  const { run, requests, resident } = start(
    [new GrammarRejected("too large")],
    [{ type: "tokens", tokens: [9], text: "a", logprobs: null }, end],
    [end],
  );
  await expect(run()).rejects.toThrow(GrammarRejected);
  expect(resident).toEqual([]);
  await run();
  await run();
  expect(requests.map(({ reusePrefix }) => reusePrefix)).toEqual([false, false, true]);
  expect(resident).toEqual([
    [1, 2, 3, 4, 9],
    [1, 2, 3, 4, 9],
  ]);
});
