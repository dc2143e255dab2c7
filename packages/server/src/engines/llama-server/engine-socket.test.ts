import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type FakeUpstream, sendSse, startFakeUpstream } from "../upstream/testing/fake-upstream.ts";
import { createEngineSocket } from "./engine-socket.ts";

const NEVER = new AbortController().signal;
let fake: FakeUpstream;
beforeAll(async () => {
  fake = await startFakeUpstream(() => {});
});
afterAll(() => fake.close());

async function read(silenceMs: number): Promise<readonly string[]> {
  const socket = createEngineSocket({ url: fake.url, apiKey: null, silenceMs });
  const seen: string[] = [];
  for await (const data of socket.events("/completion", { body: {} }, NEVER)) seen.push(data);
  return seen;
}

test.each([
  ["before its head", () => fake.answer(() => {})],
  ["in mid-stream", () => fake.answer((outgoing) => sendSse(outgoing, "data: 1\n\n", { open: true }))],
])("a server elsewhere that hangs %s is silent, and its connection is closed", async (_when, hang) => {
  hang();
  const left = fake.left();
  await expect(read(200)).rejects.toMatchObject({ fault: "silent" });
  await expect.poll(() => fake.left()).toBe(left + 1);
});

test("one that answers no question is silent, too", async () => {
  fake.answer(() => {});
  const socket = createEngineSocket({ url: fake.url, apiKey: null, silenceMs: 200 });
  await expect(socket.call("/tokenize", z.unknown(), { body: {} })).rejects.toMatchObject({ fault: "silent" });
});

test("one that says a little now and then is waited for", async () => {
  fake.answer((outgoing) => {
    sendSse(outgoing, "data: 0\n\n", { open: true });
    let said = 0;
    const drip = (): void => {
      said += 1;
      outgoing.write(`data: ${said}\n\n`);
      if (said < 8) setTimeout(drip, 250);
      else outgoing.end();
    };
    drip();
  });
  expect(await read(1_500)).toHaveLength(9);
});
