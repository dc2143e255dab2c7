import { fail } from "../platform/fail.ts";
import { extensionOf } from "./file-type.ts";

const NAME_MAX_CHARACTERS = 255;
// The platform's list: < > : " | ? * \ / and control characters; the slashes are gone with the path.
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const FORBIDDEN = /[<>:"|?*\u0000-\u001f]/;

/** The last segment of the name that the client gave; without one, `unnamed` and what fits the type. */
export function decideFileName(given: string | undefined, mimeType: string): string {
  const name = (given ?? "").split(/[/\\]/).at(-1) ?? "";
  if (name === "" || name === "." || name === "..") return `unnamed${extensionOf(mimeType)}`;
  if (name.length > NAME_MAX_CHARACTERS) {
    throw fail("invalid_request_error", { public: `file: Filename should have at most ${NAME_MAX_CHARACTERS} characters` });
  }
  if (FORBIDDEN.test(name) || !name.isWellFormed()) {
    throw fail("invalid_request_error", { public: "file: Filename contains forbidden characters" });
  }
  return name;
}
