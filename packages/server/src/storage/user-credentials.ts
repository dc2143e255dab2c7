import { and, eq, lt } from "drizzle-orm";
import { userCredentials, userIdentities, userRecoveryCodes } from "./schema.ts";
import type { Queries, Storage } from "./storage.ts";

export interface CredentialsRow {
  readonly passwordHash: string | null;
  readonly totpSecretSealed: Buffer | null;
  readonly isTotpConfirmed: boolean;
  readonly totpLastStep: number;
}

const NONE: CredentialsRow = { passwordHash: null, totpSecretSealed: null, isTotpConfirmed: false, totpLastStep: 0 };

export function findCredentials(storage: Storage, userId: string): Promise<CredentialsRow> {
  return storage.run({ operation: "find credentials", repeatable: true }, async (database) => {
    const [row] = await database.select().from(userCredentials).where(eq(userCredentials.userId, userId)).limit(1);
    if (!row) return NONE;
    const { passwordHash, totpSecretSealed, totpConfirmedAt, totpLastStep } = row;
    return { passwordHash, totpSecretSealed, isTotpConfirmed: totpConfirmedAt !== null, totpLastStep };
  });
}

export function setPasswordHash(storage: Storage, userId: string, passwordHash: string, atMs: number): Promise<void> {
  return storage.run({ operation: "set password", repeatable: true }, (database) =>
    setPasswordHashOn(database, userId, passwordHash, atMs),
  );
}

export async function setPasswordHashOn(queries: Queries, userId: string, passwordHash: string, atMs: number): Promise<void> {
  const values = { passwordHash, updatedAt: new Date(atMs) };
  await queries
    .insert(userCredentials)
    .values({ userId, ...values })
    .onConflictDoUpdate({ target: userCredentials.userId, set: values });
}

/** Begins an enrolment, or with null ends the second factor; recovery codes go with it. */
export function setTotpSecret(storage: Storage, userId: string, totpSecretSealed: Buffer | null, atMs: number): Promise<void> {
  return storage.run({ operation: "set totp secret", repeatable: true }, (database) =>
    database.transaction((transaction) => setTotpSecretOn(transaction, userId, totpSecretSealed, atMs)),
  );
}

/** The same inside a transaction. */
export async function setTotpSecretOn(
  queries: Queries,
  userId: string,
  totpSecretSealed: Buffer | null,
  atMs: number,
): Promise<void> {
  const values = { totpSecretSealed, totpConfirmedAt: null, totpLastStep: 0, updatedAt: new Date(atMs) };
  await queries
    .insert(userCredentials)
    .values({ userId, ...values })
    .onConflictDoUpdate({ target: userCredentials.userId, set: values });
  await queries.delete(userRecoveryCodes).where(eq(userRecoveryCodes.userId, userId));
}

/** Confirms, inside a transaction, the enrolment with its first code's step and stores the recovery codes. */
export async function confirmTotpOn(
  queries: Queries,
  {
    userId,
    step,
    codeHmacs,
    atMs,
  }: { readonly userId: string; readonly step: number; readonly codeHmacs: readonly string[]; readonly atMs: number },
): Promise<void> {
  const at = new Date(atMs);
  await queries
    .update(userCredentials)
    .set({ totpConfirmedAt: at, totpLastStep: step, updatedAt: at })
    .where(eq(userCredentials.userId, userId));
  await queries.delete(userRecoveryCodes).where(eq(userRecoveryCodes.userId, userId));
  await queries.insert(userRecoveryCodes).values(codeHmacs.map((codeHmac) => ({ userId, codeHmac })));
}

/** False when this step, or a later one, was accepted before: of two at once with one code, one wins. */
export function claimTotpStep(storage: Storage, userId: string, step: number): Promise<boolean> {
  return storage.run({ operation: "claim totp step", repeatable: false }, async (database) => {
    const rows = await database
      .update(userCredentials)
      .set({ totpLastStep: step })
      .where(and(eq(userCredentials.userId, userId), lt(userCredentials.totpLastStep, step)))
      .returning({ userId: userCredentials.userId });
    return rows.length > 0;
  });
}

/** False when there is no such code (any more). */
export function useRecoveryCode(storage: Storage, userId: string, codeHmac: string): Promise<boolean> {
  return storage.run({ operation: "use recovery code", repeatable: false }, async (database) => {
    const rows = await database
      .delete(userRecoveryCodes)
      .where(and(eq(userRecoveryCodes.userId, userId), eq(userRecoveryCodes.codeHmac, codeHmac)))
      .returning({ userId: userRecoveryCodes.userId });
    return rows.length > 0;
  });
}

export function findIdentity(storage: Storage, issuer: string, subject: string): Promise<string | null> {
  return storage.run({ operation: "find identity", repeatable: true }, async (database) => {
    const [row] = await database
      .select({ userId: userIdentities.userId })
      .from(userIdentities)
      .where(and(eq(userIdentities.issuer, issuer), eq(userIdentities.subject, subject)))
      .limit(1);
    return row?.userId ?? null;
  });
}

/** Whether somebody has come through a provider before. */
export function hasIdentity(storage: Storage, userId: string): Promise<boolean> {
  return storage.run({ operation: "look for identity", repeatable: true }, async (database) => {
    const rows = await database
      .select({ userId: userIdentities.userId })
      .from(userIdentities)
      .where(eq(userIdentities.userId, userId))
      .limit(1);
    return rows.length > 0;
  });
}

export function insertIdentity(
  storage: Storage,
  identity: { readonly issuer: string; readonly subject: string; readonly userId: string; readonly createdAtMs: number },
): Promise<void> {
  return storage.run({ operation: "insert identity", repeatable: true }, async (database) => {
    const { createdAtMs, ...rest } = identity;
    await database
      .insert(userIdentities)
      .values({ ...rest, createdAt: new Date(createdAtMs) })
      .onConflictDoNothing();
  });
}
