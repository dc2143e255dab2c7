import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { endpoints } from "./index.ts";
import { createOpenapiDocument } from "./openapi/create-openapi-document.ts";

test("every endpoint's folder is listed in the index, under its own name", async () => {
  const entries = await readdir(import.meta.dirname, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== "shared").map((entry) => entry.name);
  expect(endpoints.map((endpoint) => endpoint.name).sort()).toEqual(folders.sort());
});

test("the contract has every endpoint, its errors, and the events of a stream", () => {
  const document = createOpenapiDocument(endpoints);
  const operations = Object.values(document.paths ?? {}).flatMap((path) =>
    Object.values(path as Record<string, { operationId: string }>),
  );
  expect(operations.map((operation) => operation.operationId).sort()).toEqual(endpoints.map((endpoint) => endpoint.name).sort());
  const create = document.paths?.["/v1/messages"]?.post;
  expect(Object.keys(create?.responses?.["200"]?.content ?? {})).toEqual(["application/json", "text/event-stream"]);
  expect(document.paths?.["/v1/models/{model_id}"]?.get).toBeDefined();
  expect(Object.keys(document.components?.schemas ?? {})).toEqual(
    expect.arrayContaining(["Message", "MessagesCreateRequest", "ErrorEnvelope", "ModelInfo"]),
  );
});
