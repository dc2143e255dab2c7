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
const CUT_KEYS: ReadonlySet<string> = new Set([...SECRET_KEYS, ...CONTENT_KEYS]);
const CENSOR = "[redacted]";

export function createLog(options: LogOptions): Log {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      // Not pino's own `redact`, which copies every line's object along thirty paths: most lines have nothing to cut.
      formatters: { level: (label) => ({ level: label }), log: cutLine, bindings: cutLine },
      serializers: { err: serializeError },
    },
    options.destination ?? jsonLines(1),
  );
}

/**
 * Lines of JSON, which leave the process behind the request that they are about: those of one moment are one write. What is
 * written when the process exits is flushed; a `kill -9` takes the last few along.
 */
export function jsonLines(to: 1 | 2 | string): DestinationStream {
  return pino.destination({ dest: to, sync: false });
}

/** Lines for people instead of JSON. Imported only where it is wanted: a server that writes JSON keeps the memory. */
export async function prettyLines(fd: 1 | 2): Promise<DestinationStream> {
  const { default: pretty } = await import("pino-pretty");
  return pretty({ colorize: true, destination: fd, sync: true });
}

type Fields = Record<string, unknown>;

/** Cuts secrets and content out of a line, at the top and one level down. */
function cutLine(line: Fields): Fields {
  return cutKeys(line, (value) => (isPlain(value) ? cutKeys(value, (inner) => inner) : value));
}

/** The same object where nothing is to be cut. */
function cutKeys(fields: Fields, cutValue: (value: unknown) => unknown): Fields {
  let copy: Fields | null = null;
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    const kept = CUT_KEYS.has(key) ? CENSOR : cutValue(value);
    if (kept === value) continue;
    copy ??= { ...fields };
    copy[key] = kept;
  }
  return copy ?? fields;
}

/** What has keys of its own; an error is the serializer's. */
function isPlain(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !(value instanceof Error);
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
