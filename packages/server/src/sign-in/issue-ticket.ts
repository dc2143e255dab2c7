import { hashSecret } from "../auth/hash-secret.ts";
import { insertTicket, type TicketRow } from "../storage/sign-in-tickets.ts";
import type { Storage } from "../storage/storage.ts";
import { newSecret } from "./one-time-secret.ts";

/** Makes a ticket and gives back its secret, which is not kept. */
export async function issueTicket(
  { storage, hmacKey }: { readonly storage: Storage; readonly hmacKey: Buffer },
  ticket: Omit<TicketRow, "secretHmac">,
): Promise<string> {
  const secret = newSecret();
  await insertTicket(storage, { ...ticket, secretHmac: hashSecret(hmacKey, secret) });
  return secret;
}
