import { expect, test } from "vitest";
import { fail } from "../platform/fail.ts";
import { generateApiKeySecret, hashApiKeySecret, isApiKeySecret, partialHintOf } from "./api-key-secret.ts";
import { extractApiKey } from "./extract-api-key.ts";

const KEY = generateApiKeySecret();

test("a key has the platform's shape: sk-ant-api03-, 95 characters, AA at the end", () => {
  for (let index = 0; index < 200; index += 1) {
    const key = generateApiKeySecret();
    expect(key).toMatch(/^sk-ant-api03-[A-Za-z0-9_-]{93}AA$/);
    expect(key).toHaveLength(108);
    expect(isApiKeySecret(key)).toBe(true);
  }
  expect(isApiKeySecret(`${KEY}x`)).toBe(false);
  expect(isApiKeySecret(KEY.replace("api03", "admin01"))).toBe(false);
});

test("a hint shows three characters of the secret and its last four", () => {
  const hint = partialHintOf(`sk-ant-api03-R2D${"x".repeat(88)}igAA`);
  expect(hint).toBe("sk-ant-api03-R2D...igAA");
});

test("the hash depends on the key outside the database", () => {
  const hash = hashApiKeySecret(Buffer.alloc(32, 1), KEY);
  expect(hash).toHaveLength(43);
  expect(hashApiKeySecret(Buffer.alloc(32, 2), KEY)).not.toBe(hash);
});

test.each([
  ["x-api-key", { "x-api-key": KEY }],
  ["bearer", { authorization: `Bearer ${KEY}` }],
  ["bearer in lower case with blanks", { authorization: `bearer   ${KEY} ` }],
  ["both, the bearer being something else's token", { "x-api-key": KEY, authorization: "Bearer gateway-token" }],
  ["both, the x-api-key being a placeholder", { "x-api-key": "dummy", authorization: `Bearer ${KEY}` }],
])("the key is found in %s", (_name, headers) => {
  expect(extractApiKey(new Headers(headers as Record<string, string>))).toBe(KEY);
});

test("something that is no key is still handed on, to be called invalid", () => {
  expect(extractApiKey(new Headers({ "x-api-key": "dummy" }))).toBe("dummy");
});

test.each([
  ["nothing", {}],
  ["an empty key", { "x-api-key": " " }],
  ["another scheme", { authorization: "Basic abc" }],
])("%s is 401 authentication_error that says which header is missing", (_name, headers) => {
  expect(() => extractApiKey(new Headers(headers as Record<string, string>))).toThrow(
    fail("authentication_error", { public: "x-api-key header is required" }),
  );
});
