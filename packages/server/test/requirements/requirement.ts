/** A behaviour that Parley promises, and the test that proves it. */
export interface Requirement {
  readonly id: string;
  /** Where the promise stands: a number is one of docs/promises.md, "surface" the public API, "Core" the first milestone. */
  readonly source: string;
  /** One sentence. */
  readonly behaviour: string;
  readonly test: TestReference;
}

export interface TestReference {
  /** Below `packages/`. */
  readonly file: string;
  /** As it stands in the file; of `test.each` the template. */
  readonly title: string;
}

/** A promise that no test proves yet. */
export interface Unproven {
  readonly id: string;
  readonly source: string;
  readonly behaviour: string;
  /** Why there is no test, or no behaviour. */
  readonly reason: string;
}

type Row = readonly [id: string, source: string, behaviour: string, title: string];

/** Requirements that one test file proves. */
export function provedBy(file: string, rows: readonly Row[]): readonly Requirement[] {
  return rows.map(([id, source, behaviour, title]) => ({ id, source, behaviour, test: { file, title } }));
}
