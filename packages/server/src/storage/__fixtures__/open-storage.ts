/** A node that opens a database, which migrates it, and says so. Arguments: database URL, data folder. */
import { writeSync } from "node:fs";
import { systemClock } from "../../platform/clock.ts";
import { openStorage } from "../storage.ts";
import { silentLog } from "../testing/test-storage.ts";

const [databaseUrl = "", dataDir = ""] = process.argv.slice(2);
const storage = await openStorage({ databaseUrl, dataDir, log: silentLog, clock: systemClock });
writeSync(1, "open\n");
await storage.close();
