/**
 * A process that records turns as fast as it can and prints each acknowledged request id, until it is killed.
 * Arguments: database URL, spool folder, id prefix.
 */
import { writeSync } from "node:fs";
import { systemClock } from "../../platform/clock.ts";
import { openStorage } from "../../storage/storage.ts";
import { silentLog } from "../../storage/testing/test-storage.ts";
import { createLedger } from "../create-ledger.ts";
import { sampleTurn } from "./sample-turn.ts";

const [databaseUrl = "", spoolDir = "", prefix = ""] = process.argv.slice(2);
const storage = await openStorage({ databaseUrl, dataDir: spoolDir, log: silentLog, clock: systemClock });
const ledger = await createLedger({ storage, spoolDir, log: silentLog });
let next = 0;
async function writeForever(): Promise<never> {
  for (;;) {
    const requestId = `${prefix}-${next++}`;
    await ledger.record(sampleTurn(requestId));
    // Synchronous: what the parent has read was acknowledged before the kill.
    writeSync(1, `${requestId}\n`);
  }
}
writeSync(1, "ready\n");
await Promise.all(Array.from({ length: 16 }, writeForever));
