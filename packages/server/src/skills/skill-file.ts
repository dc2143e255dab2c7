export interface SkillFile {
  /** With `/` between its parts, below the top-level folder. */
  readonly path: string;
  readonly content: Buffer;
  readonly isExecutable: boolean;
}
