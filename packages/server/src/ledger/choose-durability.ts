import type { Storage } from "../storage/storage.ts";
import type { LedgerDeps } from "./create-ledger.ts";

/** `auto`: the disk of this machine, where the database is on it as well and a row is as safe there. */
export function chooseDurability(
  wanted: "auto" | "disk" | "database",
  database: Storage["kind"],
): NonNullable<LedgerDeps["durability"]> {
  if (wanted !== "auto") return wanted;
  return database === "embedded" ? "disk" : "database";
}
