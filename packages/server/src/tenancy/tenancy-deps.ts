import type { Clock } from "../platform/clock.ts";
import type { AuditActor, AuditedAct } from "../storage/audit-log.ts";
import type { Storage } from "../storage/storage.ts";

/** For `deriveKey`: the key under which the audit log's hashes are made. */
export const AUDIT_PURPOSE = "audit-log-hmac";

/** What the functions of this folder work with. */
export interface TenancyDeps {
  readonly storage: Storage;
  readonly clock: Clock;
  /** `deriveKey(master, AUDIT_PURPOSE)`. */
  readonly auditKey: Buffer;
  /** Told of keys that changed, so that this process acts on it at once; others do within a second. Null: no server here. */
  readonly authenticator: { forget(keyId: string): void } | null;
}

/** Who does something, for the audit log. */
export interface Doer {
  readonly actor: AuditActor;
  readonly requestId: string | null;
}

/** Parley itself, at its first start. */
export const SYSTEM: Doer = { actor: { type: "system", id: "parley" }, requestId: null };

/** Who acts on an organization now. An `AdminPrincipal` with a request id is one. */
export interface Act extends Doer {
  readonly organizationId: string;
}

export function toAuditedAct({ clock, auditKey }: TenancyDeps, { organizationId, actor, requestId }: Act): AuditedAct {
  return { organizationId, actor, requestId, atMs: clock.nowMs(), auditKey };
}
