import { takeTelemetry } from "../shared/take-telemetry.ts";

export const telemetryLogs = takeTelemetry("logs");
