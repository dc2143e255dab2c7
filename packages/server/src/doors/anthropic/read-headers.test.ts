import { expect, test } from "vitest";
import { generateKeySecret } from "../../auth/key-secret.ts";
import { fail } from "../../platform/fail.ts";
import { readSecret } from "./read-headers.ts";

const KEY = generateKeySecret("api");

test.each([
  ["x-api-key", { "x-api-key": KEY }],
  ["bearer", { authorization: `Bearer ${KEY}` }],
  ["bearer in lower case with blanks", { authorization: `bearer   ${KEY} ` }],
  ["both, the bearer being something else's token", { "x-api-key": KEY, authorization: "Bearer gateway-token" }],
  ["both, the x-api-key being a placeholder", { "x-api-key": "dummy", authorization: `Bearer ${KEY}` }],
])("the key is found in %s", (_name, headers) => {
  expect(readSecret(headers)).toBe(KEY);
});

test("something that is no key is still handed on, to be called invalid", () => {
  expect(readSecret({ "x-api-key": "dummy" })).toBe("dummy");
});

test.each([
  ["nothing", {}, "x-api-key header is required"],
  ["an empty key", { "x-api-key": " " }, "x-api-key header is required"],
  ["another scheme", { authorization: "Basic abc" }, "Authorization header must be `Bearer <API key>`"],
])("%s is 401 authentication_error that says what is missing", (_name, headers, message) => {
  expect(() => readSecret(headers)).toThrow(fail("authentication_error", { public: message }));
});
