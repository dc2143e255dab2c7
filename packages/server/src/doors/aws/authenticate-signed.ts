import type { Principal } from "../../auth/principal.ts";
import type { DoorDeps, Exchange } from "../exchange.ts";
import { sha256Of } from "../read-body.ts";
import { signatureFailure, UNSIGNED_PAYLOAD } from "./signature-failure.ts";

export interface SignedCall {
  readonly service: string;
  /** Gives the whole body, for who signs without stating its hash. */
  readonly readBody: () => Promise<Buffer>;
  /** The body is an upload, which clients of AWS leave unsigned. */
  readonly isForm?: boolean;
}

/** Resolves whose key signed the request, and binds the body that is yet to come to what was signed. */
export async function authenticateSigned(
  exchange: Exchange,
  { authenticator, clock }: Pick<DoorDeps, "authenticator" | "clock">,
  { service, readBody, isForm = false }: SignedCall,
): Promise<Principal> {
  // The signer takes 10 MiB, which a server that nobody signs for need not spend.
  const { readSignedRequest } = await import("./verify-signature.ts");
  const request = readSignedRequest(exchange.incoming, { service, nowMs: clock.nowMs(), isForm });
  const signer = await authenticator.findSigner(request.accessKeyId);
  if (!signer) {
    throw signatureFailure("UnrecognizedClientException", "The security token included in the request is invalid.");
  }
  // Where the hash is stated, the signature is checked first: nobody unknown makes the server take a large body.
  const bodyHash = request.bodyHash ?? sha256Of(await readBody());
  await request.verify(signer.secretAccessKey, bodyHash);
  exchange.bodySha256 = bodyHash === UNSIGNED_PAYLOAD ? null : bodyHash;
  return signer.principal;
}
