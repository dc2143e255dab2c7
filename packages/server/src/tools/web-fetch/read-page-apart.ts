import { createPageReader } from "./create-page-reader.ts";
import type { ReadPage } from "./read-page.ts";

/** The text of one page, read in a thread of its own. */
export async function readPageApart(html: string, signal: AbortSignal): Promise<ReadPage> {
  const reader = createPageReader();
  try {
    return await reader.read(html, signal);
  } finally {
    reader.close();
  }
}
