import type { Turn } from "./turn.ts";

/** Somebody who waits for a place. */
export interface InLine {
  readonly workspaceId: string;
  readonly priority: Turn["priority"];
  /** Rises with each that comes. */
  readonly order: number;
}

const RANK = { priority: 0, standard: 1, batch: 2 } as const;

/** Who goes first: priority before standard before batch, among equals the workspace that holds fewer places, then who came first. */
export function comesBefore(a: InLine, b: InLine, held: (workspaceId: string) => number): boolean {
  const rank = RANK[a.priority] - RANK[b.priority];
  if (rank !== 0) return rank < 0;
  const share = held(a.workspaceId) - held(b.workspaceId);
  if (share !== 0) return share < 0;
  return a.order < b.order;
}
