import type { Config } from "../platform/config.ts";
import { type ClientFleet, type ClientFleetOptions, createClientFleet } from "./create-client-fleet.ts";
import { sendByHttp } from "./send-by-http.ts";

/** As it is configured. */
export function startClientFleet(
  { managed_settings: managedSettings, telemetry_to: telemetryTo }: Config["claude_code"],
  deps: Pick<ClientFleetOptions, "organizationId" | "buckets" | "log">,
): ClientFleet {
  return createClientFleet({ ...deps, managedSettings, telemetryTo, send: sendByHttp() });
}
