import { expect, test } from "vitest";
import { type DecodeRequest, GrammarRejected } from "../backend.ts";
import type { StartBackend } from "./model-pool-types.ts";
import { rememberRejectedGrammars } from "./remember-rejected-grammars.ts";

test("a grammar that ended an engine does not reach the next one, until it may have been a busy machine's fault", async () => {
  let nowMs = 0;
  const asked: (string | null)[] = [];
  const start = rememberRejectedGrammars(
    (async () => ({
      async *decode({ grammar }: DecodeRequest) {
        asked.push(grammar);
        if (grammar === "evil") throw new GrammarRejected("the engine did not come back from the grammar in time");
        yield { type: "end", reason: "end-token", cachedTokens: 0, prefillMs: 0, decodeMs: 0 };
      },
    })) as unknown as StartBackend,
    { nowMs: () => nowMs, monotonicMs: () => nowMs },
  );
  const decode = async (grammar: string | null): Promise<void> => {
    // A backend of its own each time, as after a restart.
    const backend = await start({} as Parameters<StartBackend>[0]);
    for await (const _ of backend.decode({ grammar } as DecodeRequest, new AbortController().signal));
  };
  await expect(decode("evil")).rejects.toThrow(GrammarRejected);
  await expect(decode("evil")).rejects.toThrow(GrammarRejected);
  await decode("good");
  await decode(null);
  expect(asked).toEqual(["evil", "good", null]);
  nowMs = 3_600_000;
  await expect(decode("evil")).rejects.toThrow(GrammarRejected);
  expect(asked).toHaveLength(4);
});
