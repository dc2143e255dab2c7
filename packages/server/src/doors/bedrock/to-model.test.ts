import { expect, test } from "vitest";
import { toModel } from "./to-model.ts";

test.each([
  ["anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku-20240307", null],
  ["anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20241022", null],
  ["anthropic.claude-3-sonnet-20240229-v1:0:200k", "claude-3-sonnet-20240229", null],
  ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929", "us"],
  ["global.anthropic.claude-opus-4-6-v1", "claude-opus-4-6", "global"],
  ["us-gov.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5-20251001", "us-gov"],
  ["anthropic.claude-opus-5-5", "claude-opus-5-5", null],
  [
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0",
    "claude-haiku-4-5-20251001",
    "eu",
  ],
  ["arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2:1", "claude-v2.1", null],
  ["arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123", "abc123", null],
  ["smollm2-135m", "smollm2-135m", null],
])("%s is the model %s", (name, id, geography) => {
  expect(toModel(name)).toEqual({ id, geography });
});
