import { messagesCountTokens } from "../../endpoints/messages-count-tokens/endpoint.ts";
import { messagesCreate } from "../../endpoints/messages-create/endpoint.ts";
import { fail } from "../../platform/fail.ts";
import type { CloudCall, JsonObject, NativeRequest, Place } from "../cloud/cloud-door.ts";
import { decodeSegment } from "../cloud/decode-segment.ts";
import { geoOfRegion } from "../cloud/geo-of-region.ts";
import { readBetasOf } from "../cloud/read-betas.ts";
import { readVersionOf } from "../cloud/read-version.ts";
import { toModelId } from "./to-model-id.ts";

/** With the version that the base URL of a real region ends in, or without. */
const PATH =
  /^(?:\/v1(?:beta1)?)?\/projects\/[^/]+\/locations\/([^/]+)\/publishers\/anthropic\/models\/([^/]+):(rawPredict|streamRawPredict)$/;

/** In the place of a model: counts tokens of the model that the body names. */
const COUNT_TOKENS = "count-tokens";

export function matchVertex(method: string, path: string): CloudCall | null {
  const [, region = "", encoded = "", verb] = (method === "POST" ? PATH.exec(path) : null) ?? [];
  const model = decodeSegment(encoded);
  if (verb === undefined || model === null) return null;
  if (model === COUNT_TOKENS) return { endpoint: messagesCountTokens, read: readCount };
  return {
    endpoint: messagesCreate,
    read(body, place) {
      if ("model" in body) throw fail("invalid_request_error", { public: "model: Extra inputs are not permitted" });
      const native = toNative(body, place);
      const stream = body["stream"] ?? verb === "streamRawPredict";
      return { ...native, body: { ...native.body, ...geoOfRegion(region, body, place), model: toModelId(model), stream } };
    },
  };
}

function readCount(body: JsonObject, place: Place): NativeRequest {
  const native = toNative(body, place);
  const { model } = body;
  return typeof model === "string" ? { ...native, body: { ...native.body, model: toModelId(model) } } : native;
}

function toNative(body: JsonObject, { headers }: Place): NativeRequest {
  const { anthropic_version: _version, anthropic_beta: _beta, ...rest } = body;
  return { version: readVersionOf(body, "vertex-2023-10-16"), betas: readBetasOf(body, headers), body: rest };
}
