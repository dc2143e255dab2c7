import { type Failure, fail } from "../../platform/fail.ts";

/** In the place of the body's hash. */
export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";

/** The names of AWS's own errors, which its clients read. */
export type SignatureError =
  | "IncompleteSignatureException"
  | "InvalidSignatureException"
  | "MissingAuthenticationTokenException"
  | "UnrecognizedClientException";

export function signatureFailure(error: SignatureError, message: string): Failure {
  return fail("authentication_error", { public: message, details: { error_code: error } });
}

/** Also for a body that is not the one that was signed. */
export function wrongSignature(): Failure {
  return signatureFailure(
    "InvalidSignatureException",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
  );
}
