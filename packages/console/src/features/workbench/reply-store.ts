import { useSyncExternalStore } from "react";
import type { Reply } from "./reply.ts";

/** A reply while it grows. Only what shows it is drawn again with every frame, not the page around it. */
export interface ReplyStore {
  readonly get: () => Reply | null;
  readonly set: (reply: Reply | null) => void;
  readonly subscribe: (listener: () => void) => () => void;
}

export function createReplyStore(): ReplyStore {
  let shown: Reply | null = null;
  const listeners = new Set<() => void>();
  return {
    get: () => shown,
    set(reply) {
      shown = reply;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

export const useGrowingReply = ({ subscribe, get }: ReplyStore): Reply | null => useSyncExternalStore(subscribe, get);
