import type { IdempotencyStore, StoredReply } from "../../endpoints/messages-create/idempotency-store.ts";

/** The store's contract in memory, for tests of the flow around it. */
export function createMemoryIdempotencyStore(): IdempotencyStore & { readonly size: () => number } {
  const entries = new Map<string, { requestHash: string; reply: StoredReply | null }>();
  const name = (entry: { workspaceId: string; key: string }): string => JSON.stringify([entry.workspaceId, entry.key]);
  return {
    size: () => entries.size,
    async claim(claim) {
      const entry = entries.get(name(claim));
      if (!entry) {
        entries.set(name(claim), { requestHash: claim.requestHash, reply: null });
        return { type: "claimed" };
      }
      if (entry.requestHash !== claim.requestHash) return { type: "mismatch" };
      return entry.reply ? { type: "replay", reply: entry.reply } : { type: "running" };
    },
    async complete(entry, reply) {
      const claimed = entries.get(name(entry));
      if (claimed) claimed.reply = reply;
    },
    async abandon(entry) {
      if (entries.get(name(entry))?.reply === null) entries.delete(name(entry));
    },
  };
}
