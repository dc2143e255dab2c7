import { takeTelemetry } from "../shared/take-telemetry.ts";

export const telemetryTraces = takeTelemetry("traces");
