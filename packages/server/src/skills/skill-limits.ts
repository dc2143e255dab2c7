const MEGABYTE = 1024 * 1024;

/** Of all files together, packed and unpacked. Source: surface.md E. */
export const SKILL_MAX_BYTES = 30 * MEGABYTE;
/** The platform's is not known; far above any skill that was seen. */
export const SKILL_MAX_FILES = 1_000;

export const tooLargeText = `Skill is too large: all files together may have at most ${SKILL_MAX_BYTES / MEGABYTE} MB.`;
export const tooManyText = `Skill has too many files: at most ${SKILL_MAX_FILES} are allowed.`;
