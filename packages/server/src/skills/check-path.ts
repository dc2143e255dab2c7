import { refuseSkill, shown } from "./refuse-skill.ts";

const PATH_MAX_CHARACTERS = 512;
/** What file systems take of a name. */
const SEGMENT_MAX_BYTES = 255;
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Throws `invalid_request_error` for a path that could lead anywhere but below the folder that it is unpacked into. */
export function checkPath(path: string): void {
  const refuse = (why: string) => refuseSkill(`files: the path '${shown(path)}' ${why}`);
  if (path.length > PATH_MAX_CHARACTERS) throw refuse(`has more than ${PATH_MAX_CHARACTERS} characters`);
  // The replacement character stands where a decoder found no UTF-8.
  if (!path.isWellFormed() || path.includes("\ufffd")) throw refuse("is not valid UTF-8");
  if (CONTROL.test(path)) throw refuse("has control characters");
  if (path.includes("\\")) throw refuse("has a backslash; use forward slashes");
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) throw refuse("is absolute");
  for (const segment of path.split("/")) {
    if (segment === "..") throw refuse("leads out of its folder");
    if (segment === "" || segment === ".") throw refuse("has an empty part");
    if (Buffer.byteLength(segment) > SEGMENT_MAX_BYTES) throw refuse(`has a name of more than ${SEGMENT_MAX_BYTES} bytes`);
  }
}
