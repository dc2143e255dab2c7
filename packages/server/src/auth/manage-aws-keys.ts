import { fail } from "../platform/fail.ts";
import { findApiKeyAnywhere, findApiKeyOn, statusOfKey, updateApiKeyOn } from "../storage/api-keys.ts";
import { changeAudited } from "../storage/audit-log.ts";
import { notFound } from "../tenancy/not-found.ts";
import { type Doer, type TenancyDeps, toAuditedAct } from "../tenancy/tenancy-deps.ts";
import { newAwsAccessKeyId, toAwsSecret } from "./aws-access-key.ts";
import type { KeyDeps } from "./manage-api-keys.ts";
import { refuseKeyOfDevice } from "./refuse-key-of-device.ts";

export interface CreatedAwsKey {
  readonly accessKeyId: string;
  /** Shown once, though the server can always derive it. */
  readonly secretAccessKey: string;
}

/** Gives an API key an AWS access key; the one that it had is no longer good. */
export async function createAwsKey(deps: KeyDeps, apiKeyId: string, doer: Doer): Promise<CreatedAwsKey> {
  const accessKeyId = newAwsAccessKeyId();
  await changeAwsKey(deps, apiKeyId, accessKeyId, doer);
  return { accessKeyId, secretAccessKey: toAwsSecret(deps.hmacKey, accessKeyId) };
}

/** Takes the AWS access key from an API key, which goes on by itself. */
export function revokeAwsKey(deps: TenancyDeps, apiKeyId: string, doer: Doer): Promise<void> {
  return changeAwsKey(deps, apiKeyId, null, doer);
}

async function changeAwsKey(deps: TenancyDeps, apiKeyId: string, awsAccessKeyId: string | null, doer: Doer): Promise<void> {
  const found = await findApiKeyAnywhere(deps.storage, apiKeyId);
  if (!found) throw notFound("API key", apiKeyId);
  const { organizationId } = found;
  const act = toAuditedAct(deps, { ...doer, organizationId });
  await changeAudited(deps.storage, "change aws access key", act, async (queries, record) => {
    const key = await findApiKeyOn(queries, organizationId, apiKeyId);
    if (!key) throw notFound("API key", apiKeyId);
    const status = statusOfKey(key, deps.clock.nowMs());
    if (awsAccessKeyId !== null && status !== "active") {
      throw fail("invalid_request_error", {
        public: `Only an active API key can have an AWS access key; this one is ${status}.`,
      });
    }
    if (awsAccessKeyId !== null) await refuseKeyOfDevice(queries, apiKeyId);
    await updateApiKeyOn(queries, apiKeyId, { awsAccessKeyId });
    await record({
      action: "api_key.update",
      target: { type: "api_key", id: apiKeyId },
      before: { aws_access_key_id: key.awsAccessKeyId },
      after: { aws_access_key_id: awsAccessKeyId },
    });
  });
  deps.authenticator?.forget(apiKeyId);
}
