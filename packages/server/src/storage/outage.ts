import { setTimeout as sleep } from "node:timers/promises";
import { fail, Failure } from "../platform/fail.ts";

/**
 * What a database error means for the caller.
 * - unreached: the statement never ran, or was undone; repeating is always safe.
 * - interrupted: the connection broke while it ran; it may have been committed.
 * - exhausted: the server is there but out of connections, memory or disk.
 * - statement: the statement itself is wrong or refused.
 */
export type DatabaseErrorKind = "unreached" | "interrupted" | "exhausted" | "statement";

const UNREACHED_ERRNO = new Set(["ECONNREFUSED", "ENOENT", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);
const INTERRUPTED_ERRNO = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOTCONN", "ECONNABORTED"]);
/**
 * 57P03 cannot_connect_now: starting up or shutting down, said before any statement. 40P01 deadlock_detected and 40001
 * serialization_failure: the transaction was undone as if it had never run, for another's sake.
 */
const UNREACHED_SQLSTATE = new Set(["57P03", "08001", "08004", "40P01", "40001"]);
/** Class 08 connection exception; 57P01 admin shutdown, 57P02 crash shutdown, 57P05 idle session; 25006 read-only standby. */
const INTERRUPTED_SQLSTATE = /^(08...|57P01|57P02|57P05|25006)$/;
const EXHAUSTED_SQLSTATE = /^(53...|58030)$/;
/** node-postgres has no codes for its own errors. */
const INTERRUPTED_TEXT =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|Query read timeout|Connection ended|write after end|This socket has been ended)/i;
const UNREACHED_TEXT =
  /^(timeout exceeded when trying to connect|Connection terminated due to connection timeout|timeout expired)/i;

export function classifyDatabaseError(error: unknown): DatabaseErrorKind {
  const root = rootOf(error);
  const code = codeOf(root);
  const text = root instanceof Error ? root.message : String(root);
  if (code && UNREACHED_ERRNO.has(code)) return "unreached";
  if (code && INTERRUPTED_ERRNO.has(code)) return "interrupted";
  if (UNREACHED_TEXT.test(text)) return "unreached";
  if (code && UNREACHED_SQLSTATE.has(code)) return "unreached";
  if (code && INTERRUPTED_SQLSTATE.test(code)) return "interrupted";
  if (code && EXHAUSTED_SQLSTATE.test(code)) return "exhausted";
  if (INTERRUPTED_TEXT.test(text)) return "interrupted";
  return "statement";
}

/** True for a failure that says the database cannot be used now, as opposed to a statement that it refused. */
export function isOutage(error: unknown): boolean {
  return error instanceof Failure && error.type === "overloaded_error";
}

/**
 * The failure that crosses the wire. The driver's error is not kept as the cause: it carries the statement and its
 * parameters, and constraint errors quote the row.
 */
export function toFailure(error: unknown, operation: string): Failure {
  if (error instanceof Failure) return error;
  const root = rootOf(error);
  const internal = `${operation}: ${[codeOf(root), root instanceof Error ? root.message : String(root)].filter(Boolean).join(" ")}`;
  return classifyDatabaseError(error) === "statement"
    ? fail("api_error", { public: "Internal server error", internal })
    : fail("overloaded_error", { public: "Overloaded", internal, retryAfterSeconds: 1 });
}

export interface RetryPolicy {
  /** How long an outage may last before the caller is told. */
  readonly budgetMs: number;
  /** Reads and idempotent writes: repeated even when the first try may have been committed. */
  readonly repeatable: boolean;
}

/** Runs `attempt` again through an outage, within the budget. Throws the last error as it came. */
export async function retryThroughOutage<T>(policy: RetryPolicy, attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + policy.budgetMs;
  for (let delayMs = 10; ; delayMs = Math.min(100, delayMs * 2)) {
    try {
      return await attempt();
    } catch (error) {
      const kind = classifyDatabaseError(error);
      if (kind === "statement" || (kind === "interrupted" && !policy.repeatable)) throw error;
      if (performance.now() + delayMs >= deadline) throw error;
      await sleep(delayMs);
    }
  }
}

/** Drizzle wraps the driver's error, and a failed connection to several addresses is an aggregate. */
function rootOf(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors[0]);
  if (error instanceof Error && error.cause instanceof Error && codeOf(error) === null) return rootOf(error.cause);
  return error;
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}
