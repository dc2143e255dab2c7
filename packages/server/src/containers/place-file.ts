import { chown, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ContainerPlace } from "./create-containers.ts";

/** Of files that have been put into a container, by their ids; programs do not see it. */
const PLACED_FOLDER = "placed";

/**
 * Puts a file into the folder that programs write, once: what they made of it later stays. Whatever stands at the name is
 * replaced, not followed: programs make links there. False: it had been put there before.
 */
export async function placeFile(
  place: ContainerPlace,
  { id, name, content }: { readonly id: string; readonly name: string; readonly content: AsyncIterable<Uint8Array> },
  workFolder: string,
): Promise<boolean> {
  const mark = join(place.folder, PLACED_FOLDER, id);
  if ((await stat(mark).catch(() => null)) !== null) return false;
  await mkdir(join(place.folder, PLACED_FOLDER), { recursive: true });
  await mkdir(workFolder, { recursive: true, mode: 0o755 });
  // Beside what programs see, and on the same disk: it comes to its name whole.
  const temporary = join(place.folder, PLACED_FOLDER, `${id}.part`);
  await rm(temporary, { force: true });
  const handle = await open(temporary, "wx", 0o644);
  try {
    for await (const chunk of content) await handle.writeFile(chunk);
  } finally {
    await handle.close();
  }
  if (process.getuid?.() === 0) {
    await chown(workFolder, place.userId, place.userId);
    await chown(temporary, place.userId, place.userId);
  }
  await rename(temporary, join(workFolder, name));
  await (await open(mark, "w")).close();
  return true;
}
