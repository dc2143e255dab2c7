import { ANTHROPIC_VERSIONS, ErrorEnvelope } from "@parley/wire";
import { z } from "zod";
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from "zod-openapi";
import type { Endpoint } from "../define-endpoint.ts";

export type OpenapiDocument = ReturnType<typeof createDocument>;

/** OpenAPI 3.1 of the given endpoints. Events of a stream are described by the union of what a `data:` line may hold. */
export function createOpenapiDocument(endpoints: readonly Endpoint[]): OpenapiDocument {
  const paths: ZodOpenApiPathsObject = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: toOperation(endpoint) };
  }
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "Parley",
      version: ANTHROPIC_VERSIONS.at(-1) ?? "",
      description: "The Anthropic API, self-hosted. Every error has the same envelope, with the request's id.",
    },
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
        bearer: { type: "http", scheme: "bearer" },
      },
    },
  });
}

const CONTENT_TYPES = {
  json: "application/json",
  form: "application/x-www-form-urlencoded",
  bytes: "application/octet-stream",
} as const;

function toOperation(endpoint: Endpoint): ZodOpenApiOperationObject {
  const { body, upload, reply, permission } = endpoint;
  const needsKey = permission === "workspace" || permission === "admin";
  const params = [...endpoint.path.matchAll(/:(\w+)/g)].map((match) => match[1]!);
  return {
    operationId: endpoint.name,
    summary: endpoint.summary,
    requestParams: {
      ...(params.length > 0 ? { path: z.object(Object.fromEntries(params.map((name) => [name, z.string()]))) } : {}),
      ...(endpoint.query ? { query: endpoint.query } : {}),
      ...(needsKey
        ? { header: z.object({ "anthropic-version": z.enum(ANTHROPIC_VERSIONS), "anthropic-beta": z.string().optional() }) }
        : {}),
    },
    ...(body
      ? { requestBody: { required: true, content: { [CONTENT_TYPES[body.format ?? "json"]]: { schema: body.schema } } } }
      : {}),
    ...(upload ? { requestBody: { required: true, content: { [upload.contentType]: { schema: upload.schema } } } } : {}),
    responses: {
      "200": { description: "Done", content: toContent(reply) },
      ...(needsKey ? { default: { description: "An error", content: { "application/json": { schema: ErrorEnvelope } } } } : {}),
    },
    ...(needsKey ? { security: [{ apiKey: [] }, { bearer: [] }] } : {}),
  };
}

function toContent({ schema, events }: Endpoint["reply"]) {
  return {
    ...(schema ? { "application/json": { schema } } : {}),
    ...(events ? { "text/event-stream": { schema: events } } : {}),
  };
}
