import { expect, test } from "vitest";
import { generateKeySecret, isKeySecret, partialHintOf } from "./key-secret.ts";
import { hashSecret } from "./hash-secret.ts";

const KEY = generateKeySecret("api");

test("a key has the platform's shape: sk-ant-api03-, 95 characters, AA at the end", () => {
  for (let index = 0; index < 200; index += 1) {
    const key = generateKeySecret("api");
    expect(key).toMatch(/^sk-ant-api03-[A-Za-z0-9_-]{93}AA$/);
    expect(key).toHaveLength(108);
    expect(isKeySecret("api", key)).toBe(true);
  }
  expect(isKeySecret("api", `${KEY}x`)).toBe(false);
  expect(isKeySecret("api", KEY.replace("api03", "admin01"))).toBe(false);
});

test("an admin key has its own prefix, and neither kind passes for the other", () => {
  const key = generateKeySecret("admin");
  expect(key).toMatch(/^sk-ant-admin01-[A-Za-z0-9_-]{93}AA$/);
  expect(isKeySecret("admin", key)).toBe(true);
  expect(isKeySecret("api", key)).toBe(false);
  expect(isKeySecret("admin", KEY)).toBe(false);
});

test("a hint shows three characters of the secret and its last four", () => {
  const hint = partialHintOf("api", `sk-ant-api03-R2D${"x".repeat(88)}igAA`);
  expect(hint).toBe("sk-ant-api03-R2D...igAA");
});

test("the hash depends on the key outside the database", () => {
  const hash = hashSecret(Buffer.alloc(32, 1), KEY);
  expect(hash).toHaveLength(43);
  expect(hashSecret(Buffer.alloc(32, 2), KEY)).not.toBe(hash);
});
