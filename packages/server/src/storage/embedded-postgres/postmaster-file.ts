import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isErrno } from "../../platform/durable-file.ts";

/** What PostgreSQL writes into `postmaster.pid`. Source: miscadmin.h, LOCK_FILE_LINE_*. */
export interface PostmasterFile {
  readonly pid: number;
  readonly port: number;
  readonly status: "starting" | "stopping" | "ready" | "standby" | "unknown";
}

export async function readPostmasterFile(dataDirectory: string): Promise<PostmasterFile | null> {
  try {
    return parsePostmasterFile(await readFile(join(dataDirectory, "postmaster.pid"), "utf8"));
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}

/** Null when the file is not (yet) a postmaster's: the server writes it line by line while it starts. */
function parsePostmasterFile(text: string): PostmasterFile | null {
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  const status = lines[7]?.trim();
  return {
    pid,
    port: Number(lines[3] ?? 0) || 0,
    status: status === "starting" || status === "stopping" || status === "ready" || status === "standby" ? status : "unknown",
  };
}
