import { Secret, TOTP } from "otpauth";

const PERIOD_SECONDS = 30;
/** One step to either side: clocks differ, and typing takes time. */
const WINDOW = 1;
const SECRET_BYTES = 20;

export interface TotpEnrolment {
  /** Base32, for typing. */
  readonly secret: string;
  /** `otpauth://totp/…`, for a QR code. */
  readonly uri: string;
}

/** A new secret for an authenticator app (RFC 6238: SHA-1, six digits, 30 s, which is what all apps read). */
export function enrolTotp(label: string): TotpEnrolment {
  const secret = new Secret({ size: SECRET_BYTES }).base32;
  return { secret, uri: totpOf(secret, label).toString() };
}

/**
 * The time step that a code belongs to; null for a wrong code and for a step at or before `lastStep`, so that each code
 * works once (RFC 6238, 5.2).
 */
export function acceptTotp(secret: string, code: string, nowMs: number, lastStep: number): number | null {
  const delta = totpOf(secret, "").validate({ token: code.replaceAll(" ", ""), timestamp: nowMs, window: WINDOW });
  if (delta === null) return null;
  const step = Math.floor(nowMs / 1_000 / PERIOD_SECONDS) + delta;
  return step > lastStep ? step : null;
}

function totpOf(secret: string, label: string): TOTP {
  return new TOTP({
    issuer: "Parley",
    label,
    algorithm: "SHA1",
    digits: 6,
    period: PERIOD_SECONDS,
    secret: Secret.fromBase32(secret),
  });
}
