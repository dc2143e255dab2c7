import type { Clock } from "../platform/clock.ts";
import type { Storage } from "../storage/storage.ts";

/** What the functions of this folder work with. */
export interface TenancyDeps {
  readonly storage: Storage;
  readonly clock: Clock;
  /** Told of keys that changed, so that this process acts on it at once; others do within a second. Null: no server here. */
  readonly authenticator: { forget(keyId: string): void } | null;
}
