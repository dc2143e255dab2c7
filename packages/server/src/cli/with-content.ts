import { createBatches } from "../batches/create-batches.ts";
import { openBlobStore } from "../blobs/index.ts";
import { createFiles } from "../files/create-files.ts";
import { createRetention, type Retention } from "../retention/create-retention.ts";
import type { TenancyDeps } from "../tenancy/tenancy-deps.ts";
import type { CliContext } from "./cli-context.ts";

/** Lends what a workspace's content is removed with, beside a running server. */
export async function withContent<T>(
  { config, dataDir }: CliContext,
  { storage, clock }: TenancyDeps,
  work: (retention: Retention) => Promise<T>,
): Promise<T> {
  await using blobs = await openBlobStore(config.files, dataDir);
  const { days } = config.retention;
  const files = createFiles({ storage, blobs, clock, quotaBytes: config.files.quota_bytes });
  // Its servers find by themselves what there is to do.
  const batches = createBatches({ storage, blobs, clock, retentionDays: days, wake() {} });
  return work(createRetention({ storage, clock, content: [files, batches], defaultDays: days }));
}
