import { expect, test } from "vitest";
import { toModelId } from "./to-model-id.ts";

test.each([
  ["claude-sonnet-4-5@20250929", "claude-sonnet-4-5-20250929"],
  ["claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet-20241022"],
  ["claude-opus-4-6@default", "claude-opus-4-6"],
  ["claude-opus-4-6", "claude-opus-4-6"],
])("%s is the model %s", (vertexId, id) => {
  expect(toModelId(vertexId)).toBe(id);
});
