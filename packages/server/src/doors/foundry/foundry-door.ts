import { readSecret } from "../anthropic/read-headers.ts";
import type { CloudDoor } from "../cloud/cloud-door.ts";
import { matchNative } from "../cloud/match-native.ts";
import { nativeManner, type ReplyManner } from "../reply-manner.ts";

/** Azure's own front refuses keys in Azure's words; what lies behind it is Anthropic's. */
const foundryManner: ReplyManner = {
  ...nativeManner,
  toErrorReply(failure, requestId) {
    if (failure.type !== "authentication_error") return nativeManner.toErrorReply(failure, requestId);
    return { status: 401, headers: {}, body: { error: { code: "401", message: failure.publicMessage } } };
  },
};

/** Claude in Microsoft Foundry: the API's own bodies and events under `/anthropic`, with `x-api-key`, `api-key` or a bearer token. */
export const foundryDoor: CloudDoor = {
  match: matchNative,
  manner: foundryManner,
  async authenticate({ incoming }, { authenticator }) {
    const key = incoming.headers["x-api-key"] ?? incoming.headers["api-key"];
    return authenticator.authenticate(
      readSecret(key === undefined ? incoming.headers : { ...incoming.headers, "x-api-key": key }),
    );
  },
};
