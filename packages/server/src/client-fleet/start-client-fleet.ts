import type { Config } from "../platform/config.ts";
import type { Log } from "../platform/log.ts";
import { type ClientFleet, createClientFleet } from "./create-client-fleet.ts";
import { sendByHttp } from "./send-by-http.ts";

/** As it is configured. */
export function startClientFleet(
  { managed_settings: managedSettings, telemetry_to: telemetryTo }: Config["claude_code"],
  log: Pick<Log, "warn">,
): ClientFleet {
  return createClientFleet({ managedSettings, telemetryTo, send: sendByHttp(), log });
}
