import { hasSecret, readSecret } from "../anthropic/read-headers.ts";
import { authenticateSigned } from "../aws/authenticate-signed.ts";
import { isSigned } from "../aws/parse-authorization.ts";
import { signatureFailure } from "../aws/signature-failure.ts";
import type { CloudDoor } from "../cloud/cloud-door.ts";
import { bedrockManner } from "./bedrock-manner.ts";
import { matchBedrock } from "./match-bedrock.ts";

const SERVICE = "bedrock";

/** Claude on Amazon Bedrock: `invoke` and `invoke-with-response-stream`, signed or with an API key as the bearer token. */
export const bedrockDoor: CloudDoor = {
  match: matchBedrock,
  manner: bedrockManner,
  async authenticate(exchange, deps, readBody) {
    const { headers } = exchange.incoming;
    if (isSigned(headers.authorization)) return authenticateSigned(exchange, deps, { service: SERVICE, readBody });
    if (!hasSecret(headers)) throw signatureFailure("MissingAuthenticationTokenException", "Missing Authentication Token");
    return deps.authenticator.authenticate(readSecret(headers));
  },
};
