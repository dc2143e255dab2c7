import { literal } from "../grammar/gbnf.ts";

/** GBNF of text that begins no call. */
export const WORDS = "root ::= [^{}<>`\\[\\] \\t\\r\\n] [^{}<>`\\[\\]]*\n";

/** A grammar that begins with text which the model has to write again. */
export function withLiteral(text: string, grammar: string): string {
  if (text === "") return grammar;
  return `root ::= ${literal(text)} behind-literal\n${grammar.replace(/^root(?=\s*::=)/m, "behind-literal")}`;
}

/** One grammar for "a call, or text of the promised form". */
export function eitherGrammar(call: string, text: string): string {
  const renamed = (grammar: string, name: string): string => grammar.replace(/^root(?=\s*::=)/m, name);
  return `root ::= either-call | either-text\n${renamed(call, "either-call")}\n${renamed(text, "either-text")}\n`;
}
