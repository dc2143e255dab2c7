import type { ChangeTopic } from "../platform/changes.ts";

/** What an operation that writes changes, by how its name begins. */
const TOPICS: readonly (readonly [prefix: string, topic: ChangeTopic])[] = [
  ["messages-create", "requests"],
  ["complete", "requests"],
  ["batches-", "batches"],
  ["files-", "files"],
  ["skill", "skills"],
  ["workspaces-rate-limits-", "limits"],
  ["spend-", "limits"],
  ["console-spend-", "limits"],
  ["api-keys-", "api-keys"],
  ["console-api-keys-", "api-keys"],
  ["workspace", "workspaces"],
  ["users-", "members"],
  ["invites-", "members"],
  ["console-prompts-", "prompts"],
];

/** What open pages have to ask for again once this operation has written; null: nothing that they show. */
export function topicOf(endpointName: string): ChangeTopic | null {
  return TOPICS.find(([prefix]) => endpointName.startsWith(prefix))?.[1] ?? null;
}
