import { randomBytes } from "node:crypto";

/** A workspace's key, and the key of whoever administers an organization. */
export type KeyKind = "api" | "admin";

const PREFIXES: Readonly<Record<KeyKind, string>> = { api: "sk-ant-api03-", admin: "sk-ant-admin01-" };

/** The prefix, 93 characters of base64url and `AA`: the shapes that secret scanners know. */
const SHAPES: Readonly<Record<KeyKind, RegExp>> = {
  api: /^sk-ant-api03-[A-Za-z0-9_-]{93}AA$/,
  admin: /^sk-ant-admin01-[A-Za-z0-9_-]{93}AA$/,
};

/** 558 random bits in the platform's form. */
export function generateKeySecret(kind: KeyKind): string {
  return `${PREFIXES[kind]}${randomBytes(70).toString("base64url").slice(0, 93)}AA`;
}

export function isKeySecret(kind: KeyKind, text: string): boolean {
  return SHAPES[kind].test(text);
}

/** What a list may show: `sk-ant-api03-R2D...igAA`, as the platform does. */
export function partialHintOf(kind: KeyKind, secret: string): string {
  return `${secret.slice(0, PREFIXES[kind].length + 3)}...${secret.slice(-4)}`;
}
