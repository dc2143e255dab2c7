import { expect, test } from "vitest";
import type { Engine } from "../../turn/engine.ts";
import { plainTurn } from "../turn-engine/testing/scripted-reply.ts";
import { createTokenUpstream, type RemoteModel } from "./create-token-upstream.ts";

/** An engine that only asks for its model. */
function engineOver(models: RemoteModel): Engine {
  return {
    list: async () => [],
    async *run({ weights }, signal) {
      await models.acquire(weights, signal);
      yield* [];
    },
    async countTokens({ weights }, signal) {
      await models.acquire(weights, signal);
      return 0;
    },
  };
}

test("who leaves while a server is connected to that says nothing waits no longer, and holds no place at it", async () => {
  const driver = createTokenUpstream({
    name: "far",
    connect: () => Promise.withResolvers<never>().promise,
    createEngine: engineOver,
    thinkingOf: () => "native",
    log: { info() {}, warn() {} },
  });
  const left = new AbortController();
  const asked = { model: null, isFallback: false };
  const ends = [driver.run(plainTurn, asked, left.signal).next(), driver.countTokens(plainTurn, null, left.signal)];
  left.abort(new Error("the client has left"));
  for (const end of ends) await expect(end).rejects.toThrow("the client has left");
  driver.close();
});
