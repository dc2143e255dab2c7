import { takeTelemetry } from "../shared/take-telemetry.ts";

export const telemetryMetrics = takeTelemetry("metrics");
