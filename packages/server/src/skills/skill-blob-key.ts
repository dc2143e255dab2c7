export const SKILL_BLOB_PREFIX = "skills/";

/** Of the archive of a version. */
export function skillBlobKey(versionId: string): string {
  return `${SKILL_BLOB_PREFIX}${versionId}`;
}
