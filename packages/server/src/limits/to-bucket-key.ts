import type { LimitKind } from "./limit-kinds.ts";

/** The bucket of one limit: whose, of which class of models or part of the API, of what. */
export function toBucketKey(ownerId: string, group: string, kind: LimitKind): string {
  return `${ownerId}:${group}:${kind}`;
}
