import { messagesCountTokens } from "../../endpoints/messages-count-tokens/endpoint.ts";
import { messagesCreate } from "../../endpoints/messages-create/endpoint.ts";
import { readBetas, readVersion } from "../anthropic/read-headers.ts";
import { toModel } from "../bedrock/to-model.ts";
import type { CloudCall, JsonObject, NativeRequest, Place } from "./cloud-door.ts";

const ENDPOINTS = [messagesCreate, messagesCountTokens];
const PREFIX = "/anthropic";

/** Messages and their tokens under `/anthropic`, with the API's own headers and bodies. */
export function matchNative(method: string, path: string): CloudCall | null {
  const endpoint = ENDPOINTS.find((each) => each.method === method && path === `${PREFIX}${each.path}`);
  return endpoint ? { endpoint, read } : null;
}

function read(body: JsonObject, { headers }: Place): NativeRequest {
  const { model } = body;
  // Mantle's models have Bedrock's prefix.
  const named = typeof model === "string" && model.includes("anthropic.") ? { ...body, model: toModel(model).id } : body;
  return { version: readVersion(headers), betas: readBetas(headers), body: named };
}
