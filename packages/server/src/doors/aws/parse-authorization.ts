import { signatureFailure } from "./signature-failure.ts";

/** What the `Authorization` header of a signed request says. */
export interface SignedAuthorization {
  readonly accessKeyId: string;
  /** `YYYYMMDD`. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  /** In lower case. */
  readonly signedHeaders: readonly string[];
  /** Hexadecimal. */
  readonly signature: string;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
const CREDENTIAL = /^([^/\s]+)\/(\d{8})\/([a-z0-9-]{1,64})\/([a-z0-9-]{1,64})\/aws4_request$/;
const SIGNED_HEADERS = /^[a-z0-9;_-]{1,4096}$/;
const SIGNATURE = /^[0-9a-f]{64}$/;

export function isSigned(authorization: string | undefined): authorization is string {
  return authorization?.startsWith(ALGORITHM) ?? false;
}

/** Reads a header that `isSigned`; throws where a part is missing or has another form. */
export function parseAuthorization(authorization: string): SignedAuthorization {
  const parts = new Map(
    authorization
      .slice(ALGORITHM.length)
      .split(",")
      .map((part) => {
        const [name = "", ...value] = part.trim().split("=");
        return [name, value.join("=")];
      }),
  );
  const [, accessKeyId, day, region, service] = CREDENTIAL.exec(parts.get("Credential") ?? "") ?? [];
  if (accessKeyId === undefined || day === undefined || region === undefined || service === undefined) {
    throw incomplete("Credential");
  }
  const signedHeaders = SIGNED_HEADERS.exec(parts.get("SignedHeaders") ?? "")?.[0];
  if (signedHeaders === undefined) throw incomplete("SignedHeaders");
  const signature = SIGNATURE.exec(parts.get("Signature") ?? "")?.[0];
  if (signature === undefined) throw incomplete("Signature");
  return { accessKeyId, day, region, service, signedHeaders: signedHeaders.split(";"), signature };
}

function incomplete(part: string) {
  return signatureFailure("IncompleteSignatureException", `Authorization header requires a valid '${part}' parameter.`);
}
