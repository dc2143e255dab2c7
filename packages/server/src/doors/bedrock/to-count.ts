import { DIALECTS } from "@parley/wire";
import { fail } from "../../platform/fail.ts";
import { type JsonObject, isJsonObject, type NativeRequest } from "../cloud/cloud-door.ts";
import { parseJson } from "../read-body.ts";

/**
 * The body of Bedrock's CountTokens as that of the API's: it holds the body of an invocation, of which what a count does not
 * depend on is left out.
 */
export function toCount({ input }: JsonObject, toNative: (body: JsonObject) => NativeRequest): NativeRequest {
  const invocation = isJsonObject(input) ? input["invokeModel"] : undefined;
  const encoded = isJsonObject(invocation) ? invocation["body"] : undefined;
  if (typeof encoded !== "string") throw fail("invalid_request_error", { public: "input.invokeModel.body: Field required" });
  const json = parseJson(Buffer.from(encoded, "base64"));
  if (!isJsonObject(json)) {
    throw fail("invalid_request_error", { public: "input.invokeModel.body: Input should be a valid dictionary" });
  }
  const { body, ...protocol } = toNative(json);
  const refused = DIALECTS[protocol.version].refusedCountKeys;
  return { ...protocol, body: Object.fromEntries(Object.entries(body).filter(([key]) => !refused.includes(key))) };
}
