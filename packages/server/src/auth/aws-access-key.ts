import { randomInt } from "node:crypto";
import { deriveKey } from "./master-secret.ts";

const PREFIX = "AKIA";
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const RANDOM_CHARACTERS = 16;
const SHAPE = /^AKIA[A-Z2-7]{16}$/;
/** As long as AWS's: 40 characters. */
const SECRET_BYTES = 30;

/** In the form of AWS's, which tools check. */
export function newAwsAccessKeyId(): string {
  return PREFIX + Array.from({ length: RANDOM_CHARACTERS }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}

export function isAwsAccessKeyId(text: string): boolean {
  return SHAPE.test(text);
}

/**
 * The secret that belongs to an access key id. A signature can only be checked with the secret itself, so it is derived where
 * it is needed and stored nowhere: docs/decisions/2026-11-22-cloud-doors.md.
 */
export function toAwsSecret(hmacKey: Buffer, awsAccessKeyId: string): string {
  return deriveKey(hmacKey, `aws-secret-access-key:${awsAccessKeyId}`).subarray(0, SECRET_BYTES).toString("base64");
}
