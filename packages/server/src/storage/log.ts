import type { Logger } from "pino";

/** What this folder needs of the server's logger. */
export type StorageLog = Pick<Logger, "debug" | "info" | "warn" | "error">;
