import { PgBoss } from "pg-boss";
import { createJobDatabase } from "../storage/job-database.ts";
import type { StorageLog } from "../storage/log.ts";
import type { Storage } from "../storage/storage.ts";

export interface Jobs extends AsyncDisposable {
  /**
   * Runs `work` at the times of a cron line (UTC), on one node at a time and never beside itself. A run that fails is
   * tried again; one whose process died is taken up by another node.
   */
  every(name: string, cron: string, work: () => Promise<void>): Promise<void>;
  /** Runs it once more, as soon as a node is free. */
  soon(name: string): Promise<void>;
  /** Waits for what runs here, takes up nothing new. */
  close(): Promise<void>;
}

export interface JobsDeps {
  readonly storage: Storage;
  readonly log: StorageLog;
  readonly times?: Partial<JobTimes>;
}

interface JobTimes {
  /** Between two looks for work. */
  readonly pollSeconds: number;
  /** How long a node may be silent before its work is given to another. */
  readonly heartbeatSeconds: number;
  readonly drainMs: number;
}

const TIMES: JobTimes = { pollSeconds: 10, heartbeatSeconds: 30, drainMs: 30_000 };
const RUN_MAX_SECONDS = 3_600;
const KEPT_SECONDS = 86_400;

/** Periodic work over pg-boss, in a schema of its own in the same database. */
export async function createJobs({ storage, log, times }: JobsDeps): Promise<Jobs> {
  const { pollSeconds, heartbeatSeconds, drainMs } = { ...TIMES, ...times };
  const boss = new PgBoss({ db: createJobDatabase(storage), schema: "jobs", application_name: "parley" });
  boss.on("error", (error) => log.warn({ err: error }, "the job queue could not reach its database"));
  await boss.start();
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => (closing ??= boss.stop({ graceful: true, timeout: drainMs }));

  return {
    async every(name, cron, work) {
      await boss.createQueue(name, {
        // One that waits or runs is enough: a second would find nothing to do.
        policy: "exclusive",
        retryLimit: 3,
        retryDelay: 5,
        retryBackoff: true,
        expireInSeconds: RUN_MAX_SECONDS,
        heartbeatSeconds,
        deleteAfterSeconds: KEPT_SECONDS,
      });
      await boss.schedule(name, cron);
      await boss.work(name, { pollingIntervalSeconds: pollSeconds }, async () => {
        try {
          await work();
        } catch (error) {
          log.warn({ err: error, job: name }, "a job failed");
          throw error;
        }
      });
    },
    async soon(name) {
      await boss.send(name, {});
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
