import { and, eq, gt, isNull, lt, sql } from "drizzle-orm";
import { signInTickets } from "./schema.ts";
import type { Storage } from "./storage.ts";

export type TicketKind = "owner" | "invite" | "password" | "openid";

export interface TicketRow {
  readonly secretHmac: string;
  readonly kind: TicketKind;
  readonly payload: Readonly<Record<string, string>>;
  readonly expiresAtMs: number;
}

export function insertTicket(storage: Storage, ticket: TicketRow): Promise<void> {
  return storage.run({ operation: "insert sign-in ticket", repeatable: true }, async (database) => {
    await database
      .insert(signInTickets)
      .values({ ...ticket, expiresAt: new Date(ticket.expiresAtMs) })
      .onConflictDoNothing();
  });
}

/** What a ticket that still works holds, without using it up. */
export function findTicket(
  storage: Storage,
  secretHmac: string,
  kind: TicketKind,
  nowMs: number,
): Promise<Readonly<Record<string, string>> | null> {
  return storage.run({ operation: "find sign-in ticket", repeatable: true }, async (database) => {
    const [row] = await database
      .select()
      .from(signInTickets)
      .where(live(secretHmac, kind, nowMs))
      .limit(1);
    return row?.payload ?? null;
  });
}

/** Uses a ticket: of several at once one gets what it holds, the others null. Not repeatable for that reason. */
export function useTicket(
  storage: Storage,
  secretHmac: string,
  kind: TicketKind,
  nowMs: number,
): Promise<Readonly<Record<string, string>> | null> {
  return storage.run({ operation: "use sign-in ticket", repeatable: false }, async (database) => {
    const [row] = await database
      .update(signInTickets)
      .set({ usedAt: new Date(nowMs) })
      .where(live(secretHmac, kind, nowMs))
      .returning({ payload: signInTickets.payload });
    return row?.payload ?? null;
  });
}

/** Ends every ticket of a kind, so that only the next one works. */
export function voidTickets(storage: Storage, kind: TicketKind, nowMs: number): Promise<void> {
  return storage.run({ operation: "void sign-in tickets", repeatable: true }, async (database) => {
    await database
      .update(signInTickets)
      .set({ usedAt: new Date(nowMs) })
      .where(and(eq(signInTickets.kind, kind), isNull(signInTickets.usedAt)));
  });
}

/** Ends the links with which somebody could set a person's password. */
export function voidPasswordTickets(storage: Storage, userId: string, nowMs: number): Promise<void> {
  return storage.run({ operation: "void password links", repeatable: true }, async (database) => {
    await database
      .update(signInTickets)
      .set({ usedAt: new Date(nowMs) })
      .where(
        and(
          eq(signInTickets.kind, "password"),
          isNull(signInTickets.usedAt),
          eq(sql`${signInTickets.payload} ->> 'userId'`, userId),
        ),
      );
  });
}

export function sweepTickets(storage: Storage, beforeMs: number): Promise<void> {
  return storage.run({ operation: "sweep sign-in tickets", repeatable: true }, async (database) => {
    await database.delete(signInTickets).where(lt(signInTickets.expiresAt, new Date(beforeMs)));
  });
}

function live(secretHmac: string, kind: TicketKind, nowMs: number) {
  return and(
    eq(signInTickets.secretHmac, secretHmac),
    eq(signInTickets.kind, kind),
    isNull(signInTickets.usedAt),
    gt(signInTickets.expiresAt, new Date(nowMs)),
  );
}
