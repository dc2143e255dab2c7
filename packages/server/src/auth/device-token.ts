import { randomBytes } from "node:crypto";

/** What a device that somebody signed in on presents, and what it gets the next one with. */
export type DeviceTokenKind = "access" | "refresh";

const PREFIXES: Readonly<Record<DeviceTokenKind, string>> = { access: "parley-at01-", refresh: "parley-rt01-" };
const SHAPES: Readonly<Record<DeviceTokenKind, RegExp>> = {
  access: /^parley-at01-[A-Za-z0-9_-]{43}$/,
  refresh: /^parley-rt01-[A-Za-z0-9_-]{43}$/,
};
const SECRET_BYTES = 32;

/** 256 random bits. */
export function generateDeviceToken(kind: DeviceTokenKind): string {
  return `${PREFIXES[kind]}${randomBytes(SECRET_BYTES).toString("base64url")}`;
}

export function isDeviceToken(kind: DeviceTokenKind, text: string): boolean {
  return SHAPES[kind].test(text);
}
