import { join } from "node:path";
import { createBatches } from "../batches/create-batches.ts";
import { openBlobStore } from "../blobs/index.ts";
import { createContainers } from "../containers/create-containers.ts";
import { createFiles } from "../files/create-files.ts";
import { createRetention, type Retention } from "../retention/create-retention.ts";
import { createSkills } from "../skills/create-skills.ts";
import type { TenancyDeps } from "../tenancy/tenancy-deps.ts";
import type { CliContext } from "./cli-context.ts";

/** Lends what a workspace's content is removed with, beside a running server. */
export async function withContent<T>(
  { config, dataDir }: CliContext,
  { storage, clock, auditKey }: TenancyDeps,
  work: (retention: Retention) => Promise<T>,
): Promise<T> {
  await using blobs = await openBlobStore(config.files, dataDir);
  const { days } = config.retention;
  const quotaBytes = config.files.quota_bytes;
  const files = createFiles({ storage, blobs, clock, quotaBytes });
  const skills = createSkills({ storage, blobs, clock, auditKey, quotaBytes, builtIns: [] });
  // Its servers find by themselves what there is to do.
  const batches = createBatches({ storage, blobs, clock, retentionDays: days, wake() {} });
  const { folder, container_days: lifeDays } = config.code_execution;
  const containers = createContainers({ storage, clock, folder: folder ?? join(dataDir, "containers"), lifeDays });
  return work(createRetention({ storage, clock, content: [files, skills, containers, batches], defaultDays: days }));
}
