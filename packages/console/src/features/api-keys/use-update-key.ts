import type { ApiKey } from "@parley/wire";
import { API_KEYS, updateApiKey } from "../../api/api-keys.ts";
import { useRowChange } from "../../app/use-row-change.ts";

export interface KeyChange {
  readonly id: string;
  readonly change: { readonly name?: string; readonly status?: "active" | "inactive" };
  /** What to say when it is done. */
  readonly said: string;
}

export const useUpdateKey = () =>
  useRowChange<ApiKey, KeyChange>({
    topic: API_KEYS,
    run: ({ id, change }) => updateApiKey(id, change),
    said: ({ said }) => said,
    ahead: ({ id, change }) => ({ id, fields: change }),
  });
