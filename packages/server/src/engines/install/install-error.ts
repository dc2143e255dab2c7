/** An installation that cannot go on. `message` says what is wrong, `remedy` what the operator can do about it. */
export class InstallError extends Error {
  override readonly name = "InstallError";
  readonly remedy: string;

  constructor(message: string, options: { remedy: string; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.remedy = options.remedy;
  }
}

export type InstallProgress =
  | { readonly phase: "download"; readonly doneBytes: number; readonly totalBytes: number | null }
  | { readonly phase: "unpack" | "checkout" | "configure" | "check" }
  /** `done` of `total` steps of the build. */
  | { readonly phase: "build"; readonly done: number; readonly total: number; readonly step: string };
