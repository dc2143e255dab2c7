import type { Storage } from "./storage.ts";

/** What the job queue asks of a database. */
export interface JobDatabase {
  // oxlint-disable-next-line typescript/no-explicit-any -- the queue's own interface says so
  executeSql(text: string, values?: unknown[]): Promise<{ rows: any[] }>;
}

/** The queue's statements over the same connections as all others; an outage is waited for as for them. */
export function createJobDatabase(storage: Storage): JobDatabase {
  return {
    executeSql: (text, values) =>
      storage.run({ operation: "job queue", repeatable: false }, async (database) => {
        const result = await database.$client.query(text, values);
        // Several statements without parameters give a result each; the queue looks at the last with rows.
        return Array.isArray(result) ? { rows: result.flatMap(({ rows }: { rows: unknown[] }) => rows) } : result;
      }),
  };
}
