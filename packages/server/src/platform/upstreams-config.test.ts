import { expect, test } from "vitest";
import { upstream } from "./upstreams-config.ts";

const issuesOf = (settings: object): readonly string[] =>
  upstream.safeParse({ url: "http://127.0.0.1:1", ...settings }).error?.issues.map(({ path }) => path.join(".")) ?? [];

test("a tokenizer_config is what kind sglang needs, and no other", () => {
  expect(issuesOf({ kind: "sglang", tokenizer_config: "/a/tokenizer_config.json" })).toEqual([]);
  expect(issuesOf({ kind: "sglang" })).toEqual(["tokenizer_config"]);
  expect(issuesOf({ kind: "vllm", tokenizer_config: "/a/tokenizer_config.json" })).toEqual(["tokenizer_config"]);
});

test("what is sent tokens is shown no pictures", () => {
  expect(issuesOf({ kind: "chat-completions", images: true })).toEqual([]);
  const sglang = { kind: "sglang", tokenizer_config: "/a/tokenizer_config.json", images: true };
  for (const tokens of [{ kind: "vllm", images: true }, { kind: "llama-server", images: true }, sglang]) {
    expect(issuesOf(tokens)).toEqual(["images"]);
  }
});
