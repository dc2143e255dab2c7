import { describe, expect, test } from "vitest";
import { blocksOf, runScripted } from "./testing/scripted-reply.ts";

const formatOf = (sky: object) => ({ type: "object", properties: { sky }, required: ["sky"], additionalProperties: false });
const exact = { outputSchema: formatOf({ type: "string" }), stopSequences: ["END"] };
/** A schema that the grammar does not wholly express: the text is held, and validated first. */
const inexact = {
  outputSchema: formatOf({ type: "array", uniqueItems: true, items: { enum: ["END", "rain"] } }),
  stopSequences: ["END"],
};
const ended = { stopReason: "stop_sequence", stopSequence: "END", replayable: false };

describe("a stop sequence ends a reply that has a format", () => {
  test("as it is decoded, whatever the pieces", async () => {
    const reply = await runScripted(exact, [['{"sky": "rain', " E", "N", 'D", "sun"}']]);
    expect(blocksOf(reply.events)).toEqual(['text: {"sky": "rain ']);
    expect(reply.ending).toMatchObject(ended);
    expect(reply.events.at(-1)?.type).toBe("block-stop");
  });

  test("that was held until it was valid", async () => {
    const reply = await runScripted(inexact, ['{"sky": ["rain", "rain"]}', '{"sky": ["rain", "END"]}']);
    expect(blocksOf(reply.events)).toEqual(['text: {"sky": ["rain", "']);
    expect(reply.ending).toMatchObject(ended);
  });

  test("that max_tokens cuts first, it does not", async () => {
    const reply = await runScripted({ ...exact, maxTokens: 12 }, ['{"sky": "rain END"}']);
    expect(blocksOf(reply.events)).toEqual(['text: {"sky": "rai']);
    expect(reply.ending.stopReason).toBe("max_tokens");
  });
});

test("without one, a format's text is sent as it was written", async () => {
  const reply = await runScripted(exact, ['{"sky": "EN"}\n']);
  expect(blocksOf(reply.events)).toEqual(['text: {"sky": "EN"}\n']);
  expect(reply.ending).toMatchObject({ stopReason: "end_turn", replayable: true });
});
