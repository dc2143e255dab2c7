import { createHmac, randomBytes } from "node:crypto";

/** `sk-ant-api03-`, 93 characters of base64url and `AA`: the shape that secret scanners know. */
const SHAPE = /^sk-ant-api03-[A-Za-z0-9_-]{93}AA$/;
const PREFIX = "sk-ant-api03-";

/** 558 random bits in the platform's form. */
export function generateApiKeySecret(): string {
  return `${PREFIX}${randomBytes(70).toString("base64url").slice(0, 93)}AA`;
}

export function isApiKeySecret(text: string): boolean {
  return SHAPE.test(text);
}

/** What a list may show: `sk-ant-api03-R2D...igAA`, as the platform does. */
export function partialHintOf(secret: string): string {
  return `${secret.slice(0, PREFIX.length + 3)}...${secret.slice(-4)}`;
}

/** How a key is stored and looked up. Keyed, so that a stolen table cannot even be tested against guesses. */
export function hashApiKeySecret(hmacKey: Buffer, secret: string): string {
  return createHmac("sha256", hmacKey).update(secret).digest("base64url");
}
