/** What is wrong with a request, and where. Rendered as the platform does: `messages.0.content: Field required`. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly text: string;
  /** `error.details.error_code` where the platform has one: the SDKs act on it. */
  readonly errorCode?: string;
}

export type Checked<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly message: string };

/** Names that a client chose (keys, tags, ids) are cut to this many characters in a message. */
const QUOTED_MAX_CHARACTERS = 128;

export function quoted(text: string): string {
  return text.length > QUOTED_MAX_CHARACTERS ? `${text.slice(0, QUOTED_MAX_CHARACTERS)}…` : text;
}

export function renderProblem(problem: Problem): string {
  const path = problem.path.map((part) => quoted(String(part))).join(".");
  return path === "" ? problem.text : `${path}: ${problem.text}`;
}
