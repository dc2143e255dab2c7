import type { DataRetention } from "@parley/wire";
import type { DataPolicyValues } from "../../storage/data-policies.ts";

export function toDataRetention(workspaceId: string, values: DataPolicyValues, defaultDays: number): DataRetention {
  return {
    type: "workspace_data_retention",
    workspace_id: workspaceId,
    zero_data_retention: values.zeroDataRetention,
    retention_days: values.retentionDays ?? defaultDays,
    file_retention_days: values.fileRetentionDays,
  };
}
