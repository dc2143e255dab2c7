import type { LoggedRequest } from "@parley/wire";
import { Badge, type BadgeTone } from "../../ui/badge.tsx";
import { text } from "./text.ts";

const TONES: Readonly<Record<LoggedRequest["status"], BadgeTone>> = { succeeded: "good", errored: "danger", canceled: "warn" };

export function StatusBadge({ request: { status, error } }: { readonly request: LoggedRequest }) {
  const code = error?.status ?? null;
  return <Badge tone={TONES[status]}>{code === null ? text.statuses[status] : `${text.statuses[status]} · ${code}`}</Badge>;
}
