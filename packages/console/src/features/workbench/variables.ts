/** `{{name}}`: a letter or an underscore, then letters, digits, underscores and dashes. */
const VARIABLE = /\{\{\s*([\p{L}_][\p{L}\p{N}_-]{0,63})\s*\}\}/gu;

export type Values = Readonly<Record<string, string>>;

/** The variables of some texts, each once, in the order in which they come. */
export function findVariables(...texts: readonly string[]): readonly string[] {
  return [...new Set(texts.flatMap((text) => Array.from(text.matchAll(VARIABLE), ([, name = ""]) => name)))];
}

/** One that has no value stays as it is written: not everything between braces is meant as a variable. */
export function fillVariables(text: string, values: Values): string {
  return text.replaceAll(VARIABLE, (written, name: string) => (Object.hasOwn(values, name) ? values[name] : null) || written);
}
