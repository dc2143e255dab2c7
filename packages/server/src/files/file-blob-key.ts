export const FILE_BLOB_PREFIX = "files/";

/** Of the bytes of a file. */
export function fileBlobKey(id: string): string {
  return `${FILE_BLOB_PREFIX}${id}`;
}
