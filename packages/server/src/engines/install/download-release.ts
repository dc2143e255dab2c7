import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { InstallError, type InstallProgress } from "./install-error.ts";

export interface DownloadOptions {
  readonly url: string;
  readonly file: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: InstallProgress) => void;
}

/** Downloads to `file` and checks the content. Throws `InstallError` when it cannot be had or is not what was pinned. */
export async function downloadRelease({ url, file, sha256, fetch, signal, onProgress }: DownloadOptions): Promise<void> {
  const remedy = "Check the network, or build it here with `parley engine install --method source`.";
  const response = await fetch(url, { signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new InstallError(`${url} cannot be reached`, { remedy, cause });
  });
  if (!response.ok || !response.body) throw new InstallError(`${url} answers ${response.status}`, { remedy });
  const length = Number(response.headers.get("content-length"));
  const totalBytes = Number.isSafeInteger(length) && length > 0 ? length : null;
  const hash = createHash("sha256");
  let doneBytes = 0;
  const body = response.body;
  await pipeline(
    async function* () {
      for await (const chunk of Readable.fromWeb(body)) {
        hash.update(chunk);
        doneBytes += chunk.byteLength;
        onProgress({ phase: "download", doneBytes, totalBytes });
        yield chunk;
      }
    },
    createWriteStream(file, { mode: 0o600 }),
    { signal },
  ).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : error;
  });
  const actual = hash.digest("hex");
  if (actual !== sha256.toLowerCase()) {
    throw new InstallError(`${url} has sha256 ${actual}, and ${sha256} is expected: it was not installed`, {
      remedy: "Do not use it. Compare the checksum with the release page; the mirror or the pin is wrong.",
    });
  }
}
