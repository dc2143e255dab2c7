import { Sha256 } from "@smithy/core/checksum";
import { HttpRequest } from "@smithy/core/protocols";
import { SignatureV4 } from "@smithy/signature-v4";
import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type SignedAuthorization, parseAuthorization } from "./parse-authorization.ts";
import { signatureFailure, UNSIGNED_PAYLOAD, wrongSignature } from "./signature-failure.ts";

/** AWS's own bound. */
const SKEW_MS = 5 * 60_000;
const AMZ_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
const SHA256_HEX = /^[0-9a-f]{64}$/;
const DATE_HEADER = "x-amz-date";
const HASH_HEADER = "x-amz-content-sha256";

/** A signed request whose form, place and time are right; whether the signature is remains to be seen. */
export interface SignedRequest {
  readonly accessKeyId: string;
  /** What the body hashes to, or `UNSIGNED_PAYLOAD`, where the request says and signs it. */
  readonly bodyHash: string | null;
  /** Throws unless it was signed with this secret, over a body of this hash; a hash that the request states is what counts. */
  verify(secretAccessKey: string, bodyHash: string): Promise<void>;
}

export interface Expectations {
  readonly service: string;
  readonly nowMs: number;
  /** Clients cannot hash a form before they send it. */
  readonly isForm: boolean;
}

/** Reads a request that `isSigned`. Refuses what needs no secret to be refused: another service, another time, session tokens. */
export function readSignedRequest(incoming: IncomingMessage, { service, nowMs, isForm }: Expectations): SignedRequest {
  const { headers } = incoming;
  const stated = parseAuthorization(headers.authorization ?? "");
  if (stated.service !== service) {
    throw signatureFailure("InvalidSignatureException", `Credential should be scoped to correct service: '${service}'.`);
  }
  for (const name of ["host", DATE_HEADER]) {
    if (!stated.signedHeaders.includes(name)) {
      throw signatureFailure("InvalidSignatureException", `'${name}' must be a 'SignedHeader' in the AWS Authorization.`);
    }
  }
  if (headers["x-amz-security-token"] !== undefined) {
    throw signatureFailure(
      "UnrecognizedClientException",
      "The security token included in the request is invalid: Parley issues none. Leave AWS_SESSION_TOKEN out.",
    );
  }
  const signedAt = readSignedAt(String(headers[DATE_HEADER] ?? ""), stated.day, nowMs);
  const bodyHash = stated.signedHeaders.includes(HASH_HEADER) ? String(headers[HASH_HEADER] ?? "") : null;
  if (bodyHash !== null && !SHA256_HEX.test(bodyHash) && !(isForm && bodyHash === UNSIGNED_PAYLOAD)) {
    throw signatureFailure(
      "InvalidSignatureException",
      `'${HASH_HEADER}' must be the SHA-256 of the body, in hexadecimal digits.`,
    );
  }
  return {
    accessKeyId: stated.accessKeyId,
    bodyHash,
    async verify(secretAccessKey, hash) {
      const presented = Buffer.from(stated.signature, "hex");
      for (const host of hostsOf(incoming)) {
        const expected = await sign(incoming, stated, { secretAccessKey, signedAt, bodyHash: hash, host });
        if (timingSafeEqual(Buffer.from(expected, "hex"), presented)) return;
      }
      throw wrongSignature();
    },
  };
}

function readSignedAt(stamp: string, day: string, nowMs: number): Date {
  const [, year, month, date, hour, minute, second] = AMZ_DATE.exec(stamp) ?? [];
  const signedAt = new Date(`${year}-${month}-${date}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(signedAt.getTime())) {
    throw signatureFailure(
      "IncompleteSignatureException",
      `Date must be in ISO-8601 'basic format'. Got '${stamp.slice(0, 40)}'.`,
    );
  }
  if (!stamp.startsWith(day)) {
    throw signatureFailure(
      "InvalidSignatureException",
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${day}' != '${stamp.slice(0, 8)}'.`,
    );
  }
  const aheadMs = signedAt.getTime() - nowMs;
  const now = toStamp(nowMs);
  if (aheadMs < -SKEW_MS) {
    throw signatureFailure(
      "InvalidSignatureException",
      `Signature expired: ${stamp} is now earlier than ${toStamp(nowMs - SKEW_MS)} (${now} - 5 min.)`,
    );
  }
  if (aheadMs > SKEW_MS) {
    throw signatureFailure(
      "InvalidSignatureException",
      `Signature not yet current: ${stamp} is still later than ${toStamp(nowMs + SKEW_MS)} (${now} + 5 min.)`,
    );
  }
  return signedAt;
}

function toStamp(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

interface Signing {
  readonly secretAccessKey: string;
  readonly signedAt: Date;
  readonly bodyHash: string;
  readonly host: string;
}

/** Older clients sign the host's name alone, also where they say the port. */
function hostsOf({ headers: { host = "" } }: IncomingMessage): ReadonlySet<string> {
  return new Set([host, host.replace(/:\d+$/, "")]);
}

/** The signature that the holder of the secret would have made, by the library that the clients sign with. */
async function sign(
  { method = "", url = "", headers }: IncomingMessage,
  { accessKeyId, region, service, signedHeaders }: SignedAuthorization,
  { secretAccessKey, signedAt, bodyHash, host }: Signing,
): Promise<string> {
  const [path = "", search = ""] = url.split("?", 2);
  const parameters = new URLSearchParams(search);
  const query = Object.fromEntries([...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name)]));
  const signed = Object.fromEntries(signedHeaders.map((name) => [name, String(headers[name] ?? "")]));
  const names = new Set(signedHeaders);
  const signer = new SignatureV4({
    service,
    region,
    credentials: { accessKeyId, secretAccessKey },
    sha256: Sha256,
    applyChecksum: false,
  });
  // A stated hash is itself among the signed headers; the signer takes it from there, and any other from here.
  const request = new HttpRequest({ method, path, query, headers: { [HASH_HEADER]: bodyHash, ...signed, host } });
  const unsignableHeaders = names.has(HASH_HEADER) ? new Set<string>() : new Set([HASH_HEADER]);
  const result = await signer.sign(request, { signingDate: signedAt, signableHeaders: names, unsignableHeaders });
  return /Signature=([0-9a-f]{64})$/.exec(result.headers["authorization"] ?? "")?.[1] ?? "";
}
