import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { catalog } from "./catalog.ts";

export interface InstalledWeights {
  /** The catalog's name, or the file's name without its ending. */
  readonly name: string;
  readonly title: string;
  readonly file: string;
  readonly bytes: number;
}

/** The weights folder: one GGUF file per model, whole or absent. */
export interface WeightsStore {
  readonly folder: string;
  list(): Promise<readonly InstalledWeights[]>;
  find(name: string): Promise<InstalledWeights | undefined>;
  /** False when there was nothing to remove. */
  remove(name: string): Promise<boolean>;
}

/** What shows pictures to other weights has no vocabulary, and answers nothing; the word stands in the name of all of them. */
const PROJECTOR = /mmproj/i;

export function createWeightsStore(folder: string): WeightsStore {
  async function list(): Promise<readonly InstalledWeights[]> {
    await mkdir(folder, { recursive: true });
    const names = (await readdir(folder)).filter((name) => name.endsWith(".gguf") && !PROJECTOR.test(name)).toSorted();
    return Promise.all(
      names.map(async (fileName) => {
        const file = join(folder, fileName);
        const known = catalog.find((weights) => weights.file === fileName);
        const name = known?.name ?? basename(fileName, ".gguf").toLowerCase();
        return { name, title: known?.title ?? name, file, bytes: (await stat(file)).size };
      }),
    );
  }
  const find = async (name: string): Promise<InstalledWeights | undefined> =>
    (await list()).find((weights) => weights.name === name.toLowerCase());
  return {
    folder,
    list,
    find,
    async remove(name) {
      const installed = await find(name);
      if (installed === undefined) return false;
      await rm(installed.file);
      return true;
    },
  };
}
