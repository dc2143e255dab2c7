import { randomBytes } from "node:crypto";
import type { BucketStore } from "../limits/bucket-store.ts";
import type { Clock } from "../platform/clock.ts";
import { fail } from "../platform/fail.ts";
import type { Storage } from "../storage/storage.ts";
import {
  claimTotpStep,
  confirmTotpOn,
  findCredentials,
  setTotpSecret,
  setTotpSecretOn,
  useRecoveryCode,
} from "../storage/user-credentials.ts";
import { hashSecret } from "../auth/hash-secret.ts";
import type { People } from "./people.ts";
import { seal, unseal } from "./seal.ts";
import { acceptTotp, enrolTotp, type TotpEnrolment } from "./totp.ts";
import { takeTries } from "./take-tries.ts";

const RECOVERY_CODES = 10;
const RECOVERY_BYTES = 10;
/** Six digits are soon guessed by somebody who may try as often as they like, with a stolen session or password. */
const CODES_PER_MINUTE = 10;

export interface SecondFactor {
  /** A new secret that counts from its first code on; throws `conflict_error` where one is in force. */
  enrol(userId: string, label: string): Promise<TotpEnrolment>;
  /** Turns it on with a first code; returns the recovery codes, the only time that they are seen. */
  confirm(userId: string, code: string, requestId: string | null): Promise<readonly string[]>;
  /** Turns it off with a code. */
  disable(userId: string, code: string, requestId: string | null): Promise<void>;
  isOn(userId: string): Promise<boolean>;
  /** Throws `authentication_error` unless the code is right: of the app, or one of the recovery codes, each once. */
  require(userId: string, code: string | null): Promise<void>;
}

export function createSecondFactor(deps: {
  readonly storage: Storage;
  readonly people: People;
  readonly buckets: BucketStore;
  readonly sealKey: Buffer;
  readonly hmacKey: Buffer;
  readonly clock: Clock;
}): SecondFactor {
  const { storage, people, buckets, sealKey, hmacKey, clock } = deps;
  const hashCode = (userId: string, code: string) =>
    hashSecret(hmacKey, `${userId}:${code.replaceAll(/[\s-]/g, "").toLowerCase()}`);

  const countTry = (userId: string) =>
    takeTries(buckets, [{ key: `second-factor:person:${userId}`, limitPerMinute: CODES_PER_MINUTE, tokens: 1 }]);

  async function accept(userId: string, code: string): Promise<number | null> {
    const { totpSecretSealed, totpLastStep } = await findCredentials(storage, userId);
    if (!totpSecretSealed) return null;
    return acceptTotp(unseal(sealKey, totpSecretSealed, context(userId)), code, clock.nowMs(), totpLastStep);
  }

  async function requireCode(userId: string, code: string | null): Promise<void> {
    if (code === null || code.trim() === "") {
      throw fail("authentication_error", {
        public: "Enter the code of your authenticator app.",
        details: { error_code: "second_factor_required" },
      });
    }
    await countTry(userId);
    const step = await accept(userId, code);
    if (step !== null && (await claimTotpStep(storage, userId, step))) return;
    if (await useRecoveryCode(storage, userId, hashCode(userId, code))) return;
    throw fail("authentication_error", { public: "The code is wrong, or was used before." });
  }

  async function isOn(userId: string): Promise<boolean> {
    return (await findCredentials(storage, userId)).isTotpConfirmed;
  }

  return {
    async enrol(userId, label) {
      if (await isOn(userId)) {
        throw fail("conflict_error", { public: "A second factor is in force; turn it off before you enrol another." });
      }
      const enrolment = enrolTotp(label);
      await setTotpSecret(storage, userId, seal(sealKey, enrolment.secret, context(userId)), clock.nowMs());
      return enrolment;
    },
    async confirm(userId, code, requestId) {
      if (await isOn(userId)) throw fail("conflict_error", { public: "The second factor is in force already." });
      await countTry(userId);
      const step = await accept(userId, code);
      if (step === null) throw fail("invalid_request_error", { public: "code: The code is wrong" });
      const codes = Array.from({ length: RECOVERY_CODES }, () => formatRecoveryCode(randomBytes(RECOVERY_BYTES)));
      const hmacs = codes.map((each) => hashCode(userId, each));
      await people.actForSelf({ userId, action: "user.second_factor_enable", requestId }, (queries) =>
        confirmTotpOn(queries, { userId, step, codeHmacs: hmacs, atMs: clock.nowMs() }),
      );
      return codes;
    },
    async disable(userId, code, requestId) {
      await requireCode(userId, code);
      await people.actForSelf({ userId, action: "user.second_factor_disable", requestId }, (queries) =>
        setTotpSecretOn(queries, userId, null, clock.nowMs()),
      );
    },
    isOn,
    require: requireCode,
  };
}

/** Binds the sealed secret to its person. */
function context(userId: string): string {
  return `totp:${userId}`;
}

/** `a1b2c-d3e4f-…`: 80 bits that can be typed. */
function formatRecoveryCode(bytes: Buffer): string {
  return (
    bytes
      .toString("hex")
      .match(/.{1,5}/g)
      ?.join("-") ?? ""
  );
}
