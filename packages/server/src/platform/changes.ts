/** What changed, by the name under which the Console's pages ask for it. */
export type ChangeTopic =
  | "requests"
  | "batches"
  | "files"
  | "skills"
  | "limits"
  | "billing"
  | "api-keys"
  | "workspaces"
  | "members"
  | "settings"
  | "prompts"
  | "models";

/** What one watcher has yet to be told. */
export interface ChangeWatch extends Disposable {
  /** What has changed since the last call. */
  take(): readonly ChangeTopic[];
  /** Waits until there is something to take, for `ms` at most; false once nothing will come any more. */
  wait(ms: number, signal: AbortSignal): Promise<boolean>;
}

/**
 * Tells open pages that something of their organization changed, so that they ask again. Only what this process did is told: a
 * page that hangs on another node learns of it when it is looked at again.
 */
export interface Changes {
  /** Null: of every organization, such as the server's models. */
  note(organizationId: string | null, topic: ChangeTopic): void;
  watch(organizationId: string): ChangeWatch;
  /** Ends every watch: the server stops. */
  close(): void;
}

interface Watcher {
  readonly organizationId: string;
  readonly topics: Set<ChangeTopic>;
  wake: () => void;
}

const asleep = (): void => {};

export function createChanges(): Changes {
  const watchers = new Set<Watcher>();
  let isClosed = false;
  return {
    note(organizationId, topic) {
      for (const watcher of watchers) {
        if (organizationId !== null && watcher.organizationId !== organizationId) continue;
        watcher.topics.add(topic);
        watcher.wake();
      }
    },
    watch(organizationId) {
      const watcher: Watcher = { organizationId, topics: new Set(), wake: asleep };
      watchers.add(watcher);
      return {
        take() {
          const topics = [...watcher.topics];
          watcher.topics.clear();
          return topics;
        },
        async wait(ms, signal) {
          if (isClosed || signal.aborted || watcher.topics.size > 0) return !isClosed && !signal.aborted;
          const { promise, resolve } = Promise.withResolvers<void>();
          const timer = setTimeout(resolve, ms);
          const onAbort = (): void => resolve();
          signal.addEventListener("abort", onAbort, { once: true });
          watcher.wake = resolve;
          await promise;
          watcher.wake = asleep;
          clearTimeout(timer);
          signal.removeEventListener("abort", onAbort);
          return !isClosed && !signal.aborted;
        },
        [Symbol.dispose]: () => void watchers.delete(watcher),
      };
    },
    close() {
      isClosed = true;
      for (const watcher of watchers) watcher.wake();
    },
  };
}
