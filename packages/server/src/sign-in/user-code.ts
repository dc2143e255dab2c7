import { randomInt } from "node:crypto";

/** No vowels, which make words, and nothing that looks like a digit: RFC 8628, 6.1. 20^8 are 25.6 thousand million. */
const LETTERS = "BCDFGHJKLMNPQRSTVWXZ";
const LENGTH = 8;

/** `WDJB-MJHT`: what somebody copies from one screen to another. */
export function newUserCode(): string {
  const letters = Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join("");
  return `${letters.slice(0, LENGTH / 2)}-${letters.slice(LENGTH / 2)}`;
}

/** As it was made, however it was typed; null: it cannot be one. */
export function normalizeUserCode(text: string): string | null {
  const letters = text.toUpperCase().replaceAll(/[^A-Z]/g, "");
  if (!new RegExp(`^[${LETTERS}]{${LENGTH}}$`).test(letters)) return null;
  return `${letters.slice(0, LENGTH / 2)}-${letters.slice(LENGTH / 2)}`;
}
