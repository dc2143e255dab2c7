import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Clock } from "../../platform/clock.ts";
import { buildFromSource } from "./build-from-source.ts";
import { downloadRelease } from "./download-release.ts";
import { installFolder, RECEIPT_NAME, type LlamaServerLocation, type Receipt } from "./find-llama-server.ts";
import { InstallError, type InstallProgress } from "./install-error.ts";
import { probeLlamaServer } from "./probe-llama-server.ts";
import { RELEASE, type ReleaseAsset } from "./release-pins.ts";
import { runTool } from "./run-tool.ts";

const BUILD_FROM_SOURCE = "Build it here instead: `parley engine install --method source`.";

export interface InstallOptions {
  readonly method: "release" | "source";
  readonly dataDir: string;
  /** For "release": a checksum that the operator vouches for, where none is recorded. */
  readonly sha256?: string;
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: InstallProgress) => void;
  /** Defaults to the official release; a mirror has the same layout. */
  readonly release?: { readonly tag: string; readonly baseUrl: string; readonly assets: readonly ReleaseAsset[] };
  /** Defaults to the installed node-llama-cpp. */
  readonly sourcePackage?: string;
}

const SourceRelease = z.object({ release: z.string() });

/** Folder of the installed node-llama-cpp package. */
export function llamaSourcePackage(): string {
  return dirname(dirname(fileURLToPath(import.meta.resolve("node-llama-cpp"))));
}

/** The llama.cpp release that an installed node-llama-cpp carries the source of. */
export async function sourceTag(sourcePackage: string): Promise<string> {
  const file = join(sourcePackage, "llama", "binariesGithubRelease.json");
  return SourceRelease.parse(JSON.parse(await readFile(file, "utf8"))).release;
}

/**
 * Installs llama-server into the data folder, in place of what is there, once it has been seen to run. Throws
 * `InstallError` with a remedy, or the signal's reason; what was installed before then stays.
 */
export async function installLlamaServer(options: InstallOptions): Promise<LlamaServerLocation> {
  const { dataDir, clock, method, onProgress } = options;
  const target = installFolder(dataDir);
  await mkdir(dirname(target), { recursive: true });
  const work = await mkdtemp(`${target}.partial-`);
  try {
    const built = method === "release" ? await unpackRelease(options, work) : await buildSource(options, work);
    onProgress({ phase: "check" });
    const probe = await probeLlamaServer(join(built.folder, built.binary));
    if (!probe.usable) {
      throw new InstallError(`the new llama-server cannot be used here: ${probe.reason}`, {
        remedy: method === "release" ? BUILD_FROM_SOURCE : "Please report this with the output of `parley doctor`.",
      });
    }
    const receipt: Receipt = {
      method,
      tag: built.tag,
      version: probe.version,
      binary: built.binary,
      installedAtMs: clock.nowMs(),
    };
    await writeFile(join(built.folder, RECEIPT_NAME), JSON.stringify(receipt));
    const previous = join(work, "previous");
    await rename(target, previous).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    await rename(built.folder, target);
    return { binary: join(target, built.binary), origin: "installed", version: probe.version };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface Built {
  readonly folder: string;
  /** Relative to `folder`. */
  readonly binary: string;
  readonly tag: string;
}

async function unpackRelease(options: InstallOptions, work: string): Promise<Built> {
  const { fetch, signal, onProgress } = options;
  const release = options.release ?? RELEASE;
  const asset = release.assets.find(({ platform, arch }) => platform === process.platform && arch === process.arch);
  if (!asset) {
    throw new InstallError(`llama.cpp has no release for ${process.platform} on ${process.arch}`, { remedy: BUILD_FROM_SOURCE });
  }
  const url = `${release.baseUrl}/${release.tag}/${asset.name}`;
  const sha256 = options.sha256 ?? asset.sha256;
  if (sha256 === null) {
    throw new InstallError(
      `no checksum of ${asset.name} is recorded in this version of Parley, so it is not installed unchecked`,
      {
        remedy: `Take the sha256 from the release page (${url}) and pass it with --sha256. ${BUILD_FROM_SOURCE}`,
      },
    );
  }
  const archive = join(work, asset.name);
  await downloadRelease({ url, file: archive, sha256, fetch, signal, onProgress });
  onProgress({ phase: "unpack" });
  const folder = join(work, "unpacked");
  await mkdir(folder);
  await runTool("tar", ["-xzf", archive, "-C", folder], { signal });
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const found = names.find((entry) => entry.isFile() && entry.name === "llama-server");
  if (!found) throw new InstallError(`${asset.name} holds no llama-server`, { remedy: BUILD_FROM_SOURCE });
  return { folder, binary: relative(folder, join(found.parentPath, found.name)), tag: release.tag };
}

async function buildSource(options: InstallOptions, work: string): Promise<Built> {
  const { signal, onProgress } = options;
  const sourcePackage = options.sourcePackage ?? llamaSourcePackage();
  const tag = await sourceTag(sourcePackage);
  const binary = await buildFromSource({ sourcePackage, workFolder: work, signal, onProgress });
  const folder = join(work, "result");
  await mkdir(folder);
  await cp(binary, join(folder, basename(binary)));
  return { folder, binary: basename(binary), tag };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
