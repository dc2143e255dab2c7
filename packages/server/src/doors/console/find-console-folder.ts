import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Beside `dist` as shipped; in a clone where the Console's own build puts it. */
const SHIPPED = fileURLToPath(new URL("../../../console", import.meta.url));
const BUILT = fileURLToPath(new URL("../../../../console/dist", import.meta.url));

export function findConsoleFolder(): string {
  return existsSync(SHIPPED) ? SHIPPED : BUILT;
}
