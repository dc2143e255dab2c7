import { Sha256 } from "@smithy/core/checksum";
import { HttpRequest } from "@smithy/core/protocols";
import { SignatureV4 } from "@smithy/signature-v4";

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The headers of a request as a client of AWS signs it, for tests that then change something. */
export async function signForAws(
  credentials: AwsCredentials,
  {
    url,
    body,
    headers = {},
  }: { readonly url: string; readonly body: string; readonly headers?: Readonly<Record<string, string>> },
  {
    service = "bedrock",
    signedAt = new Date(),
    statesHash = true,
  }: { readonly service?: string; readonly signedAt?: Date; readonly statesHash?: boolean } = {},
): Promise<Record<string, string>> {
  const { host, pathname, searchParams } = new URL(url);
  const signer = new SignatureV4({ service, region: "eu-west-1", credentials, sha256: Sha256, applyChecksum: statesHash });
  const all = { host, "content-type": "application/json", ...headers };
  const request = new HttpRequest({
    method: "POST",
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: all,
    body,
  });
  const { host: _host, ...signed } = (await signer.sign(request, { signingDate: signedAt })).headers;
  return signed;
}
