import { fail } from "../../platform/fail.ts";
import { hasSecret, readSecret } from "../anthropic/read-headers.ts";
import type { CloudDoor } from "../cloud/cloud-door.ts";
import { matchVertex } from "./match-vertex.ts";
import { vertexManner } from "./vertex-manner.ts";

/** Claude on Vertex AI: `rawPredict`, `streamRawPredict` and `count-tokens`, with an API key in the place of Google's token. */
export const vertexDoor: CloudDoor = {
  match: matchVertex,
  manner: vertexManner,
  async authenticate({ incoming }, { authenticator }) {
    if (!hasSecret(incoming.headers)) {
      throw fail("authentication_error", {
        public: "Request is missing required authentication credential. Expected `Authorization: Bearer <API key>`.",
      });
    }
    return authenticator.authenticate(readSecret(incoming.headers));
  },
};
