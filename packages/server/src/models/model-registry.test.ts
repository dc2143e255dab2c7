import { ModelInfo } from "@parley/wire";
import { describe, expect, test } from "vitest";
import { CLAUDE_MODELS } from "./claude-models.ts";
import { createModelRegistry } from "./model-registry.ts";

const WEIGHTS = [
  { weights: "small", title: "Small 0.5B", contextTokens: 32_768, thinking: "emulated" as const },
  { weights: "large", title: "Large 1.5B", contextTokens: 8_192, thinking: "native" as const },
];
const registry = createModelRegistry({ mapping: { haiku: "small", sonnet: "large" }, engine: { list: async () => WEIGHTS } });

describe("resolve", () => {
  test.each([
    ["claude-haiku-4-5", "claude-haiku-4-5-20251001", "small"],
    ["claude-haiku-4-5-20251001", "claude-haiku-4-5-20251001", "small"],
    ["claude-sonnet-4-6", "claude-sonnet-4-6", "large"],
    ["claude-sonnet-4-6-20260301", "claude-sonnet-4-6", "large"],
    ["claude-sonnet-4-6-20251022", "claude-sonnet-4-6", "large"],
    ["claude-3-5-haiku-latest", "claude-3-5-haiku-20241022", "small"],
    ["claude-opus-4-0", "claude-opus-4-20250514", "large"],
    ["claude-mythos-5-2", "claude-mythos-5-2", "large"],
    ["claude-opus-9-1", "claude-opus-9-1", "large"],
    ["claude-2.1", "claude-2.1", "large"],
    ["claude-instant-1.2", "claude-instant-1.2", "small"],
    ["small", "small", "small"],
  ])("%s is %s on %s", async (id, pinned, weights) => {
    expect(await registry.resolve(id)).toMatchObject({ id: pinned, weights });
  });

  test.each(["gpt-4", "claude", "claude-", "claude-poem", "", "../small", "toString", "haiku"])("%j is not found", async (id) => {
    await expect(registry.resolve(id)).rejects.toMatchObject({ type: "not_found_error", publicMessage: `model: ${id}` });
  });

  test("a more exact key of the mapping wins, and a minimum can be set", async () => {
    const exact = createModelRegistry({
      mapping: { haiku: "small", "claude-haiku-4-5": "large" },
      engine: { list: async () => WEIGHTS },
      minimumCacheTokens: { haiku: 64 },
    });
    expect(await exact.resolve("claude-haiku-4-5")).toMatchObject({ weights: "large", rules: { minimumCacheTokens: 64 } });
    expect(await exact.resolve("claude-haiku-5-5")).toMatchObject({ weights: "small" });
  });
});

describe("list and get", () => {
  test("shows what really answers", async () => {
    expect(await registry.get("claude-haiku-4-5")).toMatchObject({
      id: "claude-haiku-4-5-20251001",
      display_name: "Small 0.5B (as Claude Haiku 4.5)",
      max_input_tokens: 32_768,
      max_tokens: 32_768,
      line: "haiku",
      capabilities: {
        image_input: { supported: false },
        thinking: { types: { enabled: { supported: true }, adaptive: { supported: false } } },
      },
    });
  });

  test("lists every model once, newest first, each in its schema's shape", async () => {
    const models = await registry.list();
    for (const model of models) expect(ModelInfo.safeParse(model).error).toBeUndefined();
    expect(new Set(models.map((model) => model.id)).size).toBe(models.length);
    const claude = models.filter((model) => model.line !== null).map((model) => model.created_at);
    expect(claude).toEqual([...claude].sort().toReversed());
    expect(models.slice(-2).map((model) => model.id)).toEqual(["small", "large"]);
  });

  test("says that weights see which have a projector, and of the others alone that they read", async () => {
    const models = createModelRegistry({
      mapping: { haiku: "small", sonnet: "large" },
      engine: { list: async () => WEIGHTS },
      vision: "ocr",
      seeing: new Set(["large"]),
    });
    const [blind, sighted] = [await models.get("claude-haiku-4-5"), await models.get("claude-sonnet-4-5")];
    expect([blind.capabilities?.image_input.supported, sighted.capabilities?.image_input.supported]).toEqual([true, true]);
    expect(blind.display_name).toContain("by OCR");
    expect(sighted.display_name).not.toContain("OCR");
    expect((await models.resolve("claude-sonnet-4-5")).seesImages).toBe(true);
  });

  test("shows nothing of weights that are not there", async () => {
    const none = createModelRegistry({ mapping: { haiku: "gone" }, engine: { list: async () => [] } });
    expect(await none.list()).toEqual([]);
    await expect(none.get("claude-haiku-4-5")).rejects.toMatchObject({ type: "not_found_error" });
  });
});

test("no id or alias is used twice", () => {
  const ids = CLAUDE_MODELS.flatMap((model) => [model.id, ...model.aliases]);
  expect(new Set(ids).size).toBe(ids.length);
});
