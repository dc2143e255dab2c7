import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KEY } from "../../src/doors/testing/start-test-server.ts";
import { type PooledServer, startWithPools } from "./start-with-pools.ts";

export interface TokenServer {
  /** An upstream of the configuration. */
  readonly upstream: Readonly<Record<string, unknown>>;
  readonly contextTokens: number;
  /** Reads are whole blocks of so many tokens; 1: to the token. */
  readonly cacheBlockTokens: number;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
}

const weather = {
  name: "get_weather",
  description: "Current weather of a city",
  strict: true,
  input_schema: {
    type: "object" as const,
    properties: { city: { type: "string" }, unit: { enum: ["celsius", "fahrenheit"] }, days: { type: "integer", minimum: 1 } },
    required: ["city", "unit", "days"],
    additionalProperties: false,
  },
};

/** What is promised of local models, of one elsewhere, through the official SDK: a 0.5B model of the Qwen family is served there. */
export function testTokenUpstream(name: string, start: () => Promise<TokenServer>): void {
  describe(`${name} behind Parley`, () => {
    let engine: TokenServer;
    let server: PooledServer;
    let client: Anthropic;
    beforeAll(async () => {
      engine = await start();
      server = await startWithPools({
        models: { haiku: "far" },
        upstreams: { box: engine.upstream },
        pools: { far: { title: "Far 0.5B", targets: [{ upstream: "box" }], fallbacks: ["tiny"] } },
      });
      client = new Anthropic({ baseURL: server.url, apiKey: KEY, maxRetries: 0 });
    });
    afterAll(async () => {
      await server.close();
      await engine.kill();
    });

    const model = "claude-haiku-4-5";
    const ask = (text: string, more: Partial<Anthropic.MessageCreateParamsStreaming> = {}) =>
      client.messages.stream({ model, max_tokens: 80, messages: [{ role: "user", content: text }], ...more }).finalMessage();
    const promptOf = ({ usage }: Anthropic.Message): number =>
      usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);

    test("a forced call is valid, a schema binds the reply, and both are counted exactly", async () => {
      const request = { tools: [weather], tool_choice: { type: "tool" as const, name: "get_weather" } };
      const call = await ask("Weather in Paris for three days?", request);
      expect(call).toMatchObject({ stop_reason: "tool_use", content: [{ type: "tool_use", name: "get_weather" }] });
      const input = call.content.find((block) => block.type === "tool_use")?.input;
      expect(input).toEqual({
        city: expect.any(String),
        unit: expect.stringMatching(/^(celsius|fahrenheit)$/),
        days: expect.any(Number),
      });
      const messages = [{ role: "user" as const, content: "Weather in Paris for three days?" }];
      expect(promptOf(call)).toBe((await client.messages.countTokens({ model, messages, ...request })).input_tokens);

      const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"], additionalProperties: false };
      const bound = await ask("How many legs has a spider?", { output_config: { format: { type: "json_schema", schema } } });
      expect(bound.stop_reason).toBe("end_turn");
      expect(JSON.parse(bound.content.map((block) => (block.type === "text" ? block.text : "")).join(""))).toEqual({
        n: expect.any(Number),
      });
    });

    test("a stop sequence and max_tokens end a reply as they do anywhere", async () => {
      const counting = [
        { role: "user" as const, content: "Count from 1 to 9 in digits, separated by commas." },
        { role: "assistant" as const, content: "1, 2, 3, 4, 5," },
      ];
      const stopped = await ask("", { messages: counting, stop_sequences: ["7"] });
      expect(stopped).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "7" });
      expect(await ask("Tell me a long story.", { max_tokens: 5 })).toMatchObject({
        stop_reason: "max_tokens",
        usage: { output_tokens: 5 },
      });
    });

    test("a cached prefix is written once and read again, by what the engine says that it read", async () => {
      const rules = Array.from({ length: 110 }, (_, index) => `Rule ${index}: ship ${index * 7} may pass.`).join("\n");
      const system = [{ type: "text" as const, text: rules, cache_control: { type: "ephemeral" as const } }];
      const first = await ask("Which ship does rule 3 name?", { model: "far", system, max_tokens: 4 });
      expect(first.usage.cache_read_input_tokens).toBe(0);
      const written = first.usage.cache_creation_input_tokens ?? 0;
      expect(written).toBeGreaterThan(1_024);
      const again = await ask("And rule 5?", { model: "far", system, max_tokens: 4 });
      const read = again.usage.cache_read_input_tokens ?? 0;
      expect(read).toBeLessThanOrEqual(written);
      expect(read).toBeGreaterThan(written - engine.cacheBlockTokens);
      const { input_tokens: counted } = await client.messages.countTokens({
        model,
        system,
        messages: [{ role: "user", content: "And rule 5?" }],
      });
      expect(promptOf(again)).toBe(counted);
    });

    test("a prompt that is too long is told in the words that clients parse, and the list of models says how long it may be", async () => {
      const { contextTokens } = engine;
      await expect(ask("word ".repeat(contextTokens + 500))).rejects.toMatchObject({
        status: 400,
        error: {
          error: {
            message: expect.stringMatching(new RegExp(`^prompt is too long: \\d+ tokens > ${contextTokens - 1} maximum$`)),
          },
        },
      });
      expect(await client.models.retrieve(model)).toMatchObject({
        max_input_tokens: contextTokens,
        display_name: "Far 0.5B (as Claude Haiku 4.5)",
      });
    });

    test("a client that leaves frees the engine, and four at once are all answered", async () => {
      const leaving = client.messages.stream({
        model,
        max_tokens: 1_000,
        messages: [{ role: "user", content: "Tell me a long story." }],
      });
      leaving.on("text", () => leaving.abort());
      await expect(leaving.done()).rejects.toThrow(/abort/i);
      const four = await Promise.all(["one", "two", "three", "four"].map((word) => ask(`Say ${word}.`, { max_tokens: 12 })));
      expect(four.every(({ usage }) => usage.output_tokens > 0)).toBe(true);
    });

    test("an engine that is ended ends its stream with an error, and the next turn goes to the fallback", async () => {
      const cut = client.messages.stream({
        model,
        max_tokens: 1_000,
        messages: [{ role: "user", content: "Tell me a long story." }],
      });
      cut.once("text", () => void engine.kill());
      await expect(cut.done()).rejects.toMatchObject({ error: { error: { type: "overloaded_error" } } });
      const reply = await client.messages
        .create({ model, max_tokens: 10, messages: [{ role: "user", content: "Hello" }] })
        .asResponse();
      expect(reply.headers.get("parley-fallback")).toBe("tiny");
    });
  });
}
