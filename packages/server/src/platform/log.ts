import { type DestinationStream, type Logger, pino } from "pino";
import { Failure } from "./fail.ts";

/** Structured logs, one JSON object a line. Content of messages is never logged; secrets are cut out wherever they stand. */
export type Log = Pick<Logger, "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "child" | "flush" | "level">;

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

export interface LogOptions {
  readonly level: (typeof LOG_LEVELS)[number];
  /** Standard output if left out; `prettyLines()` for people. */
  readonly destination?: DestinationStream;
}

const SECRET_KEYS = ["authorization", "x-api-key", "api_key", "apiKey", "secret", "password", "token", "databaseUrl"];
const CONTENT_KEYS = ["messages", "system", "tools", "prompt", "content", "completion", "body"];

export function createLog(options: LogOptions): Log {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: [...SECRET_KEYS, ...CONTENT_KEYS].flatMap((key) => {
          const name = /^\w+$/.test(key) ? key : `["${key}"]`;
          return [name, `*${name.startsWith("[") ? "" : "."}${name}`];
        }),
        censor: "[redacted]",
      },
      serializers: { err: serializeError },
    },
    options.destination ?? pino.destination({ fd: 1, sync: true }),
  );
}

/** Lines for people instead of JSON. Imported only where it is wanted: a server that writes JSON keeps the memory. */
export async function prettyLines(fd: 1 | 2): Promise<DestinationStream> {
  const { default: pretty } = await import("pino-pretty");
  return pretty({ colorize: true, destination: fd, sync: true });
}

function serializeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const failure = error instanceof Failure ? { type: error.type, public: error.publicMessage, internal: error.internal } : {};
  return {
    name: error.name,
    message: error.message,
    ...failure,
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: serializeError(error.cause) }),
  };
}
