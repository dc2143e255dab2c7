import type { CacheControl } from "@parley/wire";
import type { CacheTtl } from "../turn/turn.ts";

/** The ttl of a breakpoint, as a field to spread; nothing where there is no breakpoint. */
export function cacheTtl(control: CacheControl | null | undefined): { readonly cacheTtl?: CacheTtl } {
  return control ? { cacheTtl: control.ttl ?? "5m" } : {};
}
