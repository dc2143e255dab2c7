import { createHash } from "node:crypto";

/** A call's id as templates that print ids want it (Mistral: nine letters and digits). The same id gives the same one. */
export function shortCallId(id: string): string {
  if (/^[A-Za-z0-9]{9}$/.test(id)) return id;
  return createHash("sha256").update(id).digest("hex").slice(0, 9);
}
