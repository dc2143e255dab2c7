import { authenticateSigned } from "../aws/authenticate-signed.ts";
import { isSigned } from "../aws/parse-authorization.ts";
import type { CloudDoor } from "../cloud/cloud-door.ts";
import { matchNative } from "../cloud/match-native.ts";
import { nativeManner } from "../reply-manner.ts";

const SERVICE = "bedrock-mantle";

/** Bedrock Mantle: the API's own bodies and events under `/anthropic`, signed. Its bearer keys go through Foundry's door. */
export const mantleDoor: CloudDoor = {
  match: (method, path, headers) => (isSigned(headers.authorization) ? matchNative(method, path) : null),
  manner: nativeManner,
  authenticate: (exchange, deps, readBody) => authenticateSigned(exchange, deps, { service: SERVICE, readBody }),
};
