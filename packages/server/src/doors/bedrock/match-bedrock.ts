import { messagesCountTokens } from "../../endpoints/messages-count-tokens/endpoint.ts";
import { messagesCreate } from "../../endpoints/messages-create/endpoint.ts";
import { fail } from "../../platform/fail.ts";
import type { CloudCall, JsonObject, NativeRequest, Place } from "../cloud/cloud-door.ts";
import { decodeSegment } from "../cloud/decode-segment.ts";
import { geoOfRegion } from "../cloud/geo-of-region.ts";
import { readBetasOf } from "../cloud/read-betas.ts";
import { readVersionOf } from "../cloud/read-version.ts";
import { toBedrockCount, toBedrockReply } from "./to-bedrock-reply.ts";
import { toCount } from "./to-count.ts";
import { type BedrockModel, toModel } from "./to-model.ts";

/** Older clients leave the slash of an ARN as it is. */
const PATH = /^\/model\/(.+)\/(invoke|invoke-with-response-stream|count-tokens)$/;

export function matchBedrock(method: string, path: string): CloudCall | null {
  const [, encoded = "", verb] = (method === "POST" ? PATH.exec(path) : null) ?? [];
  const name = decodeSegment(encoded);
  if (verb === undefined || name === null) return null;
  const model = toModel(name);
  if (verb === "count-tokens") {
    const read = (body: JsonObject, place: Place) => toCount(body, (counted) => toNative(counted, model, place));
    return { endpoint: messagesCountTokens, read, toReply: toBedrockCount };
  }
  return {
    endpoint: messagesCreate,
    read(body, place) {
      const native = toNative(body, model, place);
      const geo = geoOfRegion(model.geography, body, place);
      return { ...native, body: { ...native.body, ...geo, stream: verb === "invoke-with-response-stream" } };
    },
    toReply: toBedrockReply,
  };
}

function toNative(body: JsonObject, { id }: BedrockModel, { headers }: Place): NativeRequest {
  // The path says them.
  const said = ["model", "stream"].find((key) => key in body);
  if (said !== undefined) throw fail("invalid_request_error", { public: `${said}: Extra inputs are not permitted` });
  const { anthropic_version: _version, anthropic_beta: _betas, ...rest } = body;
  return {
    version: readVersionOf(body, "bedrock-2023-05-31"),
    betas: readBetasOf(body, headers),
    body: { ...rest, model: id },
  };
}
