import type { ConsolePool, ConsoleUpstream } from "@parley/wire";
import { useState } from "react";
import { consoleModelsQuery, drainUpstream, resumeUpstream } from "../../api/models.ts";
import { ChangeDialog } from "../../app/change-dialog.tsx";
import { useRowChange } from "../../app/use-row-change.ts";
import { Button } from "../../ui/button.tsx";
import { text } from "./text.ts";

/** Lets an upstream end what it has and gives it nothing new, or takes that back. On all nodes. */
export function UpstreamSteering({
  upstream: { name, is_drained: isDrained },
  upstreams,
  pools,
}: {
  readonly upstream: ConsoleUpstream;
  readonly upstreams: readonly ConsoleUpstream[];
  readonly pools: readonly ConsolePool[];
}) {
  const [isAsking, setIsAsking] = useState(false);
  const resume = useRowChange({
    topic: consoleModelsQuery.queryKey,
    run: () => resumeUpstream(name),
    said: () => text.resumed(name),
    ahead: null,
  });
  if (isDrained) {
    return (
      <Button isBusy={resume.isPending} aria-label={text.resumeOf(name)} onClick={() => resume.mutate(undefined)}>
        {text.resumeUpstream}
      </Button>
    );
  }
  const without = poolsWithout(name, upstreams, pools);
  return (
    <>
      <Button aria-label={text.drainOf(name)} onClick={() => setIsAsking(true)}>
        {text.drain}
      </Button>
      {isAsking && (
        <ChangeDialog
          topic={consoleModelsQuery.queryKey}
          run={() => drainUpstream(name)}
          said={text.drained(name)}
          title={text.drainOf(name)}
          action={text.drain}
          onClose={() => setIsAsking(false)}
        >
          {text.drainAbout}
          {without.length > 0 && ` ${text.leavesNobody(without.map(({ title }) => title).join(", "))}`}
        </ChangeDialog>
      )}
    </>
  );
}

/** Pools of which every upstream would be drained then. */
function poolsWithout(
  name: string,
  upstreams: readonly ConsoleUpstream[],
  pools: readonly ConsolePool[],
): readonly ConsolePool[] {
  const drained = new Set([name, ...upstreams.filter((each) => each.is_drained).map((each) => each.name)]);
  return pools.filter(
    ({ targets }) => targets.some(({ upstream }) => upstream === name) && targets.every(({ upstream }) => drained.has(upstream)),
  );
}
