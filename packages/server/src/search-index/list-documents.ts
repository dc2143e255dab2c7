import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

export interface ListedFile {
  readonly path: string;
  /** Below the folder that was named, with `/` between. */
  readonly name: string;
}

/** A file, or every file below a folder but for hidden ones, in one order; links are not followed. */
export async function listDocuments(path: string): Promise<ListedFile[]> {
  if (!(await stat(path)).isDirectory()) return [{ path, name: basename(path) }];
  const files: ListedFile[] = [];
  const walk = async (folder: string, prefix: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith(".")) continue;
      const at = { path: join(folder, entry.name), name: `${prefix}${entry.name}` };
      if (entry.isDirectory()) await walk(at.path, `${at.name}/`);
      else if (entry.isFile()) files.push(at);
    }
  };
  await walk(path, "");
  return files;
}

/** Where a document stands for those who read a result: below the operator's own address, or one that only names it. */
export function toDocumentUrl(base: string | null, collection: string, name: string): string {
  // As file names are spelled in URLs; the root is cut off again.
  const spelled = pathToFileURL(`/${name}`).href.slice("file:///".length);
  if (base !== null) return `${base.replace(/\/+$/, "")}/${spelled}`;
  return `parley://index/${encodeURIComponent(collection)}/${spelled}`;
}
