/** How a call was opened, and so how it is closed. Travels in `OpenedCall.form` as JSON. */
export interface CallForm {
  /** Text that a constrained decode writes between the kept text and the input, e.g. a key that was missing. */
  readonly before: string;
  /** What a constrained decode writes to close the call, innermost first; text may leave any of it out. */
  readonly closers: readonly string[];
}

export function writeForm(form: CallForm): string {
  return JSON.stringify(form);
}

export function readForm(form: string): CallForm {
  return JSON.parse(form) as CallForm;
}
