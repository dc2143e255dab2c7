import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, sep } from "node:path";

/** One file of the built Console, with what the build compressed ahead. */
export interface ConsoleFile {
  readonly contentType: string;
  readonly etag: string;
  /** Its name holds a hash of what is in it. */
  readonly isImmutable: boolean;
  readonly bytes: Buffer;
  readonly brotli: Buffer | null;
  readonly gzip: Buffer | null;
}

/** By path below the Console's own, e.g. `assets/index-4f2c.js`. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

/**
 * Reads the whole build (about 1 MB) once: a request then touches no disk, and no path of a request ever becomes one of the
 * file system. Null where the Console was not built.
 */
export async function loadConsoleFiles(folder: string): Promise<ConsoleFiles | null> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const contents = new Map<string, Buffer>();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    contents.set(path.slice(folder.length + 1).replaceAll(sep, "/"), await readFile(path));
  }
  if (!contents.has("index.html")) return null;
  const files = new Map<string, ConsoleFile>();
  for (const [name, bytes] of contents) {
    const contentType = CONTENT_TYPES[extname(name)];
    if (contentType === undefined) continue;
    files.set(name, {
      contentType,
      etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
      isImmutable: name.startsWith("assets/"),
      bytes,
      brotli: contents.get(`${name}.br`) ?? null,
      gzip: contents.get(`${name}.gz`) ?? null,
    });
  }
  return files;
}
