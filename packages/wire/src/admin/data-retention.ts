import { z } from "zod";

/** Parley's own: the platform has no such endpoint. */
export const DataRetention = z
  .strictObject({
    type: z.literal("workspace_data_retention"),
    workspace_id: z.string(),
    /** Nothing of a prompt or a reply is stored. */
    zero_data_retention: z.boolean(),
    /** How long prompts and replies may be stored: the workspace's own days, or the server's. */
    retention_days: z.int(),
    /** The longest life of a file; null: until it expires or is deleted. */
    file_retention_days: z.int().nullable(),
  })
  .meta({ id: "DataRetention" });
export type DataRetention = z.infer<typeof DataRetention>;

const Days = z.int().min(1).max(3_650);

/** Left out: as it is. */
export const DataRetentionUpdateRequest = z
  .strictObject({
    zero_data_retention: z.boolean().optional(),
    /** Null: the server's. */
    retention_days: Days.nullable().optional(),
    file_retention_days: Days.nullable().optional(),
  })
  .meta({ id: "DataRetentionUpdateRequest" });
export type DataRetentionUpdateRequest = z.infer<typeof DataRetentionUpdateRequest>;
