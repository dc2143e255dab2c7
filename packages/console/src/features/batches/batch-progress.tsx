import type { MessageBatch } from "@parley/wire";
import { useQuery } from "@tanstack/react-query";
import { batchProgressQuery } from "../../api/batches.ts";
import { formatWhole } from "../../format/format.ts";
import { text } from "./text.ts";

const KINDS = ["succeeded", "errored", "canceled", "expired"] as const;
const COLORS = { succeeded: "bg-good", errored: "bg-danger", canceled: "bg-warn", expired: "bg-warn" };

/** How many requests of a batch are done, as a bar and in words. */
export function BatchProgress({ batch, workspaceId }: { readonly batch: MessageBatch; readonly workspaceId: string | null }) {
  const { data } = useQuery(batchProgressQuery(batch, workspaceId));
  const counts = data?.request_counts ?? batch.request_counts;
  const done = KINDS.reduce((sum, kind) => sum + counts[kind], 0);
  const all = done + counts.processing;
  const parts = KINDS.filter((kind) => counts[kind] > 0);
  return (
    <div className="min-w-36">
      <div
        role="progressbar"
        aria-label={text.progress}
        aria-valuemin={0}
        aria-valuemax={all}
        aria-valuenow={done}
        aria-valuetext={text.done(formatWhole(done), formatWhole(all))}
        className="flex h-1.5 max-w-64 overflow-hidden rounded-full bg-hover"
      >
        {parts.map((kind) => (
          <span key={kind} className={COLORS[kind]} style={{ width: `${(100 * counts[kind]) / all}%` }} />
        ))}
      </div>
      <p className="mt-1 text-[0.89rem] text-muted">
        {done === all
          ? parts.map((kind) => text.countOf(formatWhole(counts[kind]), text.counts[kind])).join(", ")
          : [
              text.done(formatWhole(done), formatWhole(all)),
              ...(counts.errored > 0 ? [text.countOf(formatWhole(counts.errored), text.counts.errored)] : []),
            ].join(", ")}
      </p>
    </div>
  );
}
