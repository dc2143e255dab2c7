import { join } from "node:path";

/** Linux keeps 108 bytes for a socket's path and macOS 104, the closing zero included. */
const MAX_SOCKET_PATH_BYTES = 100;

export const SUPERUSER = "parley";
export const DATABASE = "postgres";
const SOCKET_PORT = 5432;

/** Where things lie below the directory that the caller gave. */
export interface Layout {
  readonly root: string;
  /** PGDATA. */
  readonly data: string;
  readonly socketDirectory: string;
  readonly passwordFile: string;
  readonly logFile: string;
  readonly lockFile: string;
}

export function layoutOf(root: string): Layout {
  return {
    root,
    data: join(root, "data"),
    socketDirectory: join(root, "run"),
    passwordFile: join(root, "password"),
    logFile: join(root, "postgres.log"),
    lockFile: join(root, "owner.lock"),
  };
}

/** A Unix socket inside the private directory, or loopback TCP where the directory's path is too long for one. */
export type Listen = { readonly kind: "socket"; readonly port: number } | { readonly kind: "tcp"; readonly port: number };

export function socketListen(layout: Layout): Listen | null {
  const path = join(layout.socketDirectory, `.s.PGSQL.${SOCKET_PORT}`);
  return Buffer.byteLength(path) < MAX_SOCKET_PATH_BYTES ? { kind: "socket", port: SOCKET_PORT } : null;
}

/**
 * The server's command line. Durability is spelled out although it is the default, so that no edited postgresql.conf can
 * turn it off. One process group of a few tens of megabytes: no parallel workers, no separate I/O workers, small buffers.
 */
export function postgresArgs(layout: Layout, listen: Listen): string[] {
  const settings: Readonly<Record<string, string>> = {
    fsync: "on",
    synchronous_commit: "on",
    full_page_writes: "on",
    data_sync_retry: "off",
    shared_buffers: "32MB",
    max_connections: "60",
    max_worker_processes: "2",
    max_parallel_workers: "0",
    max_parallel_workers_per_gather: "0",
    max_logical_replication_workers: "0",
    autovacuum_max_workers: "2",
    io_method: "sync",
    jit: "off",
    min_wal_size: "32MB",
    // Bounds crash recovery too: at most this much is replayed.
    max_wal_size: "256MB",
    timezone: "UTC",
    log_timezone: "UTC",
    log_line_prefix: "%m [%p] ",
    // Statements and their parameters may hold what a tenant wrote: they stay out of the log.
    log_min_error_statement: "panic",
    log_parameter_max_length_on_error: "0",
    log_checkpoints: "off",
    password_encryption: "scram-sha-256",
    port: String(listen.port),
    listen_addresses: listen.kind === "tcp" ? "127.0.0.1" : "",
    unix_socket_directories: listen.kind === "socket" ? layout.socketDirectory : "",
    unix_socket_permissions: "0700",
  };
  return ["-D", layout.data, ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`])];
}
