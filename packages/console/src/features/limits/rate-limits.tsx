import type { RateLimitUsage } from "@parley/wire";
import { useQuery } from "@tanstack/react-query";
import { rateLimitUsageQuery } from "../../api/limits.ts";
import { formatCompact, formatWhole } from "../../format/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { Meter } from "../../ui/meter.tsx";
import { Section } from "../../ui/section.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { text } from "./text.ts";

type Group = RateLimitUsage["data"][number];

/** The organization's buckets, as full as they are now. */
export function RateLimits() {
  const { data, error, refetch } = useQuery(rateLimitUsageQuery);
  return (
    <Section
      title={text.rateTitle}
      about={text.rateAbout}
      actions={data && <Badge tone="accent">{data.tier === null ? text.noTier : text.tier(data.tier)}</Badge>}
    >
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      <div className="panel divide-y divide-line overflow-hidden">
        {!data && !error && <SkeletonRows rows={5} />}
        {data?.data.map((group) => (
          <GroupRow key={group.id} group={group} />
        ))}
      </div>
    </Section>
  );
}

function GroupRow({ group }: { readonly group: Group }) {
  return (
    <div
      role="group"
      aria-label={group.group.display_name}
      className="grid grid-cols-1 gap-x-6 gap-y-3 px-4 py-3 md:grid-cols-[9rem_minmax(0,1fr)] md:items-center"
    >
      <h3 className="font-medium">{group.group.display_name}</h3>
      <div className="grid grid-cols-1 gap-x-6 gap-y-3 sm:grid-cols-3">
        {group.limits.map(({ type, value, remaining }) => (
          <div key={type}>
            <p className="mb-1 text-[0.89rem] text-muted">{text.kinds[type] ?? type}</p>
            <Meter
              label={`${group.group.display_name}: ${text.kinds[type] ?? type}`}
              used={value - remaining}
              of={value}
              text={text.usedOf(
                formatWhole(Math.max(0, value - remaining)),
                value < 10_000 ? formatWhole(value) : formatCompact(value),
              )}
            />
          </div>
        ))}
      </div>
    </div>
  );
}
